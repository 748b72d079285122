"""An example that is a small product: see README.md."""
