"""The exception of trees, in a module of its own: names are judged below trees."""

from __future__ import annotations


class Unreadable(Exception):
    """A path is there and cannot be read as a file: what it is, or what the system said."""
