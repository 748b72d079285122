"""Below."""
