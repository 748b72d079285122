"""References as a tree around their subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import visible
from registry_reconciler.terminal.draw import drawn

if TYPE_CHECKING:
    from registry_reconciler.queries.graph import Edge
    from registry_reconciler.terminal import Screen


def tree(screen: Screen, edges: Sequence[Edge], address: str | None) -> str:
    """A tree for one entry in both directions, or one for each entry that refers to something."""
    if address is not None:
        return drawn(screen, _around(edges, address))
    return "".join(drawn(screen, branch) for branch in _each(edges)) or "no references\n"


def _each(edges: Sequence[Edge]) -> list[Any]:
    trees: dict[str, Any] = {}
    for edge in edges:
        if edge.source not in trees:
            trees[edge.source] = _root(edge.source)
        trees[edge.source].add(_label(edge, edge.target))
    return list(trees.values())


def _around(edges: Sequence[Edge], address: str) -> Any:
    root = _root(address)
    for forwards, words, none in (
        (True, "refers to", "refers to nothing"),
        (False, "is referred to by", "nothing refers to it"),
    ):
        links: dict[str, list[tuple[str, Edge]]] = {}
        for edge in edges:
            near, far = (edge.source, edge.target) if forwards else (edge.target, edge.source)
            links.setdefault(near, []).append((far, edge))
        if address in links:
            _grow(root.add(_text(words, "dim")), address, links)
        else:
            root.add(_text(none, "dim"))
    return root


def _grow(trunk: Any, address: str, links: dict[str, list[tuple[str, Edge]]]) -> None:
    """Add what is linked, and below it what is linked to that. What stood above or before is not opened again."""
    opened = {address}
    waiting = [(trunk, address)]
    while waiting:
        node, name = waiting.pop(0)
        for far, edge in links.get(name, ()):
            again = far in opened and far in links
            branch = node.add(_label(edge, far, again=again))
            if far not in opened:
                opened.add(far)
                waiting.append((branch, far))


def _root(address: str) -> Any:
    from rich.tree import Tree

    return Tree(_text(visible(address), "bold"), guide_style="dim")


def _label(edge: Edge, name: str, *, again: bool = False) -> Any:
    missing = edge.dangling and not edge.in_fleet
    label = _text(visible(name), "red" if missing else "")
    label.append(f"  {visible(edge.field)}", "dim")
    if missing:
        label.append("  is not there", "red")
    elif edge.in_fleet:
        label.append("  in the fleet", "dim")
    elif again:
        label.append("  shown already", "dim")
    return label


def _text(words: str, style: str) -> Any:
    from rich.text import Text

    return Text(words, style, no_wrap=True, overflow="ignore")
