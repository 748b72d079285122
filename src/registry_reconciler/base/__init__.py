"""What knows nothing of registries: patterns, suggestions, escaping, text."""
