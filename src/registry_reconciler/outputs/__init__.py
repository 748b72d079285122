"""Outputs: files, regions and values that are derived from the registries.

Planning comes in by :mod:`.stage`. What renders (Jinja2) is imported by a process of its own, and only when there is
something to render; that process imports its own modules of this package and nothing else of it.
"""
