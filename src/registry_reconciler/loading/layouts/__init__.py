"""How entries lie in registry files: one module a layout and one table.

A layout says how to find the entries of a container and how to name the edits that put one there. Walking to the
containers (``at``) is the same for all and stands in ``walk``.
"""

from __future__ import annotations

from registry_reconciler.loading.layouts.base import LayoutRow
from registry_reconciler.loading.layouts.file_layout import FILE
from registry_reconciler.loading.layouts.list_layout import LIST
from registry_reconciler.loading.layouts.map_layout import MAP

LAYOUTS: dict[str, LayoutRow] = {"list": LIST, "map": MAP, "file": FILE}
"""Every layout: a new one is one module and one row here."""
