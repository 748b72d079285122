"""JSON and JSONC text: bytes become values and places (``read``, ``source``), edits become bytes (``splice``).

The two differ in what they allow: comments and trailing commas. Import from the modules, not from here.
"""
