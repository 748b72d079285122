"""An example: the tool dispatcher of an agent. See README.md."""
