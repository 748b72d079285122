"""A workspace at run time: opened, prepared, reloaded."""
