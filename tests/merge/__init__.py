"""Branches merged by real git."""
