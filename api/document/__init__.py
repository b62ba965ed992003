"""The OpenAPI document as a generator of clients wants it: what is done to FastAPI's own, when it is asked for."""
