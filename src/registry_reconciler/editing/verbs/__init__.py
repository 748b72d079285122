"""Edits of single entries by a verb: set, rename, remove, edit. Each is a draft: what is there to the edits wanted.

The fragment that owns the entry is edited, or the registry of a kind whose truth is live. Writing is
:mod:`registry_reconciler.editing.amend`'s work, as for every other edit of an entry.
"""

from registry_reconciler.editing.verbs.directives import allowing, overriding
from registry_reconciler.editing.verbs.edit_text import BadText, EntryText, editing, entry_text
from registry_reconciler.editing.verbs.fixes import fixing_entries, setting_everywhere
from registry_reconciler.editing.verbs.migrate import migrating, parse_renames
from registry_reconciler.editing.verbs.remove import removing
from registry_reconciler.editing.verbs.rename import renaming
from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.editing.verbs.set_fields import parse_assignments, setting

__all__ = [
    "BadText",
    "EditSession",
    "EntryText",
    "allowing",
    "editing",
    "entry_text",
    "fixing_entries",
    "migrating",
    "overriding",
    "parse_assignments",
    "parse_renames",
    "removing",
    "renaming",
    "setting",
    "setting_everywhere",
]
