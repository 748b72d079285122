"""YAML text: bytes become values and places (``read``, ``locate``), edits become bytes (``splice``).

Import from the modules, not from here: the reader must not pay for the writer at start-up.
"""
