"""The command line: in process through ``main`` where that is enough, else through the installed command."""
