"""Edits to bytes, and no other byte changes."""
