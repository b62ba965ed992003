"""Examples for the OpenAPI document, a file a subject: answers as a model of the preset `cnn` gives them."""
