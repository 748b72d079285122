"""Hostile and broken input, through the installed command."""
