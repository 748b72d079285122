"""How entries lie in registry files: one module a layout, and one table.

A layout says which entries stand in a container, where in it another one goes, and what of an entry that place says
instead of its text. Walking to the containers (``at``) is the same for all and stands in ``walk``. No other module asks
which layout a kind has: what a layout does differently is an attribute of its row.
"""

from __future__ import annotations

from registry_reconciler.layouts.base import LayoutRow
from registry_reconciler.layouts.documents_layout import DOCUMENTS
from registry_reconciler.layouts.file_layout import FILE
from registry_reconciler.layouts.list_layout import LIST
from registry_reconciler.layouts.map_layout import MAP
from registry_reconciler.layouts.named_layout import NAMED
from registry_reconciler.layouts.pairs_layout import PAIRS
from registry_reconciler.layouts.texts_layout import TEXTS

LAYOUTS: dict[str, LayoutRow] = {row.name: row for row in (LIST, MAP, FILE, PAIRS, TEXTS, NAMED, DOCUMENTS)}
"""Every layout by the word for it in ``x-registry``. A new one is one module and one row here."""
