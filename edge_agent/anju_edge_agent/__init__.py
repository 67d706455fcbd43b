"""See the docstrings of the modules; docs/reference lists them."""
