"""The command line: one module a command, parsing and printing only. ``main.py`` has the table of commands."""
