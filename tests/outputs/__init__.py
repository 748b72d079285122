"""Outputs: what is derived from the registries."""
