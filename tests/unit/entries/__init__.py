"""The write path for single entries."""
