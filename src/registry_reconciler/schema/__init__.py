"""JSON Schemas of kinds: read, resolve references, validate, word what is wrong."""
