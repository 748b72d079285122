"""Expressions in CEL: ``language`` compiles them, ``syntax`` is their tree, ``worker`` evaluates rules in a child.

Knows no entry, no kind and no file, and imports little: a child of it has to start at once.
"""
