"""Rows that only tests know, put into the tables of the product for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import LayoutRow
from registry_reconciler.schema import validator


@contextmanager
def added(row: LayoutRow) -> Iterator[None]:
    """The product with one more layout; the published schema is read again, since it has the words of the table."""
    LAYOUTS[row.name] = row
    validator.published.cache_clear()
    try:
        yield
    finally:
        del LAYOUTS[row.name]
        validator.published.cache_clear()
