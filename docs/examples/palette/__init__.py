"""An example: the command palette of an editor or a shell. See README.md."""
