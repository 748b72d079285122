"""Crash tests of the durable apply: see docs/durability.md."""
