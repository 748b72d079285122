"""What merging has to know of a workspace: its kinds and its outputs, as one tree has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec import Struct

from registry_reconciler.loading.catalog import load_catalog
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.kind import Kind
from registry_reconciler.outputs.definitions import Output, load_definitions
from registry_reconciler.outputs.shipped import SHIPPED

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree


Decided: TypeAlias = Callable[[str], bool | None]
"""Whether an entry of a registry is to be there, by its address: as its fragment says; ``None``: people decide."""


def by_people(_address: str) -> bool | None:
    """Nothing is decided yet."""
    return None


def by_nobody(_output: Output) -> bool:
    """No output was edited."""
    return False


class FormerNames(NamedTuple):
    """The former names of entries by the new ones, as fragments say: those of both sides, and what one side adds."""

    common: Mapping[str, str]
    ours: Mapping[str, str]
    theirs: Mapping[str, str]


def no_renames() -> FormerNames:
    """No fragment says anything."""
    return FormerNames({}, {}, {})


class KindsAndOutputs(Struct, frozen=True):
    """Kinds and outputs of a workspace.

    Attributes:
        renames: what fragments say of the entries of a registry. It takes long to know.
        decided: what both sides changed of an entry of a registry, and a fragment decides.
        is_edited: whether somebody edited an output by hand on their side, and nobody did on ours.
    """

    kinds: Mapping[str, Kind]
    outputs: tuple[Output, ...]
    decided: Decided = by_people
    is_edited: Callable[[Output], bool] = by_nobody
    renames: Callable[[], FormerNames] = no_renames

    def outputs_in(self, path: str) -> list[Output]:
        """The outputs in a file."""
        return [output for output in self.outputs if output.file == path]


def known_of(tree: Tree) -> KindsAndOutputs:
    """What a tree says. Raises nothing for what stands in its files."""
    catalog = load_catalog(tree)
    definitions = load_definitions(tree, catalog.kinds, catalog.broken)
    named = {output.id for output in definitions.outputs}
    shipped = (output for output in SHIPPED if output.id not in named)
    return KindsAndOutputs(catalog.kinds, (*definitions.outputs, *shipped))


def is_fragment(path: str) -> bool:
    """Whether a file of that name is a fragment."""
    inside = path.startswith(f"{DESIRED_FOLDER}/") and path.endswith((".yaml", ".yml"))
    return inside and not any(part.startswith(".") for part in path.split("/"))


def is_set(kind: Kind, path: FieldPath) -> bool:
    """Whether a list at a field is a set, by its schema: references, aliases, capabilities, or ``uniqueItems``."""
    steps = tuple(step for step in path if isinstance(step, str))
    if len(steps) != len(path):
        return False
    return steps in _sets(kind)


def _sets(kind: Kind) -> set[tuple[str, ...]]:
    found = set(_unique(kind.schema, ()))
    for reference in kind.references:
        *names, last = reference.field.steps
        if last is None and None not in names:
            found.add(tuple(name for name in names if name is not None))
    for selector in (kind.names.aliases, kind.names.required_caps):
        if selector is not None:
            found.add(tuple(name for name in selector.steps if name is not None))
    return found


def _unique(schema: Json, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(schema, dict) or len(path) > 8:
        return
    if schema.get("uniqueItems") is True:
        yield path
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name, inner in properties.items():
            yield from _unique(inner, (*path, name))


def moves_in(documents: Sequence[Json]) -> dict[str, str]:
    """The former names by the new ones that a fragment says."""
    found: dict[str, str] = {}
    for document in documents:
        moved = document.get("moved") if isinstance(document, dict) else None
        for item in moved if isinstance(moved, list) else ():
            if (
                isinstance(item, dict)
                and isinstance(item.get("from"), str)
                and isinstance(item.get("to"), str)
            ):
                found[item["to"]] = item["from"]
    return found
