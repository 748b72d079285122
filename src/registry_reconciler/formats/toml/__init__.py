"""TOML text: read by the standard library, edited by spans of our own. The door is :mod:`.row`."""
