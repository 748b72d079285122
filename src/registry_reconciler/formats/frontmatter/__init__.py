"""Front matter: a block of YAML between the first two ``---`` lines of a text that is about something else.

The block is read and edited by :mod:`registry_reconciler.formats.yaml`; what stands around it is never touched.
"""
