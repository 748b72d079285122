"""Files changed for people: fragments, schemas, settings."""
