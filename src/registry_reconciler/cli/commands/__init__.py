"""One module a command: parsing and printing only."""
