"""Layout ``documents``: each document of a file is an entry, and comes and goes without the others."""

from __future__ import annotations

from msgspec.structs import replace

from registry_reconciler.layouts.file_layout import FILE

DOCUMENTS = replace(
    FILE,
    name="documents",
    meaning="each document of a file is an entry.",
    title="documents",
    one_a_file=False,
    documents=True,
)
"""A document holds an entry as a file does: the container is the entry."""
