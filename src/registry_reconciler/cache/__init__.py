"""Answers that were given before, kept in the user's cache directory: never in a workspace, never trusted blindly."""
