"""The command line: one module a command, parsing and printing only. Their table is in ``parser.py``."""
