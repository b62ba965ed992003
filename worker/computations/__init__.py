"""What takes long, a file a kind of computation; `registry` lists them."""
