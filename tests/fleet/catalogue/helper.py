"""Publications of a small repository, as its files make them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.fleet.catalogue import Publication, publication_of
from tests.support import Files, kind_file


def commit(number: int) -> str:
    """The id of a commit."""
    return sha1(str(number).encode()).hexdigest()


def files_of(*entries: str, kind: str = "thing") -> Files:
    """A repository whose list has these entries, each as one line of YAML."""
    spec = "layout: list, file: t.yaml, key: id, truth: live, names: {name: title, aliases: also, status: status}, "
    schema = (
        "type: object\nproperties:\n  token: {type: string, x-secret: true}\n"
        "  id: {}\n  title: {}\n  also: {}\n  status: {}\n  text: {}\n  uses: {}"
    )
    kinds = kind_file(kind, spec + f'references: [{{field: "uses[]", kind: {kind}}}]', schema)
    return {**kinds, "t.yaml": ("".join(f"- {entry}\n" for entry in entries) or "[]\n").encode()}


def made(
    number: int, *entries: str, name: str = "shop", time: int | None = None, after: Sequence[int] = ()
) -> Publication:
    """The publication of a commit.

    Args:
        time: when it was committed; by default later for a larger number.
        after: the numbers of the commits before it.
    """
    when = number if time is None else time
    tree = MemoryTree(files_of(*entries))
    return publication_of(tree, name, commit(number), when, [commit(before) for before in after])
