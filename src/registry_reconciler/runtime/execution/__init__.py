"""Invocation: capabilities, hooks, handlers, audit."""
