"""One file for each family of layers; `union` lists them."""
