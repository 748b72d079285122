"""One package a text format: bytes to values and places, edits to bytes."""
