"""Train convolutional networks and look inside them while they learn."""
