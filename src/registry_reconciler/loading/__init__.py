"""Files of a workspace to values: schemas, settings, fragments, registries, state."""
