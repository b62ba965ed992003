"""What an inspect worker computes, a file an operation; `registry` lists them."""
