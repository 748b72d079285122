"""Changes → new bytes of the registry files, in memory. The only stage that edits them.

``writing`` runs the rounds, ``place_changes`` says which edits a change asks for, ``entry_texts`` takes the texts of
entries from where they stand, ``new_texts`` makes the edits and reads what came out, ``promises`` holds that against
what the changes say. ``work`` is what they share.
"""

from registry_reconciler.planning.edit_files.writing import Written, write, write_elsewhere

__all__ = ["Written", "write", "write_elsewhere"]
