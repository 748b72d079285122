"""Bytes to values and places."""
