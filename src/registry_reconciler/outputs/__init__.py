"""Outputs: files, regions and values that are derived from the registries.

This is the door. What renders (Jinja2) is imported by a process of its own, and only when there is something to render.
"""
