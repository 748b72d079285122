"""The installed language server, asked by an editor."""
