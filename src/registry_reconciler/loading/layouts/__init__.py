"""How entries lie in registry files: one module a layout and one table.

A layout says how to find the entries of a container and how to name the edits that put one there. Walking to the
containers (``at``) is the same for all and stands in ``walk``.
"""

from __future__ import annotations

from registry_reconciler.loading.layouts.base import LayoutRow
from registry_reconciler.loading.layouts.documents_layout import DOCUMENTS
from registry_reconciler.loading.layouts.file_layout import FILE
from registry_reconciler.loading.layouts.list_layout import LIST
from registry_reconciler.loading.layouts.map_layout import MAP
from registry_reconciler.loading.layouts.named_layout import NAMED
from registry_reconciler.loading.layouts.pairs_layout import PAIRS
from registry_reconciler.loading.layouts.texts_layout import TEXTS

LAYOUTS: dict[str, LayoutRow] = {one.name: one for one in (LIST, MAP, FILE, PAIRS, TEXTS, NAMED, DOCUMENTS)}
"""Every layout: a new one is one module and one row here."""
