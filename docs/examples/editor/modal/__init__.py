"""A modal text editor core whose parts are looked up in registries."""
