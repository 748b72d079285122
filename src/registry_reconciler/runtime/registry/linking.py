"""Joins handlers (code) to metadata (data), with one report of everything that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from registry_reconciler.runtime.errors import LinkError
from registry_reconciler.runtime.registry.meta import HasMeta, T

H = TypeVar("H")
F = TypeVar("F", bound=HasMeta, covariant=True)


class _Lookup(Protocol[F]):
    @property
    def label(self) -> str: ...

    def get(self, key: str) -> F | None: ...

    def items(self) -> Iterable[F]: ...


def link(
    registry: _Lookup[T], handlers: Mapping[str, H], *, needs: Callable[[T], bool] | None = None
) -> dict[str, H]:
    """Handlers by item id.

    Args:
        registry: an index, a snapshot or a runtime registry.
        handlers: by id, name or alias of the item.
        needs: which items need a handler; all when absent.

    Raises:
        LinkError: all items without a handler, all handlers without an item, all items with several.
    """
    keys_of: dict[str, list[str]] = {}
    without_item = []
    for key in handlers:
        found = registry.get(key)
        if found is None:
            without_item.append(key)
        else:
            keys_of.setdefault(found.meta.id, []).append(key)
    wanted = (item.meta.id for item in registry.items() if needs is None or needs(item))
    without_handler = [id for id in wanted if id not in keys_of]
    ambiguous = {id: keys for id, keys in keys_of.items() if len(keys) > 1}
    if without_handler or without_item or ambiguous:
        raise LinkError(registry.label, without_handler, sorted(without_item), ambiguous)
    return {id: handlers[keys[0]] for id, keys in keys_of.items()}
