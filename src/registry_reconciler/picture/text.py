"""The picture for Graphviz and for Mermaid, which lay it out themselves."""

from __future__ import annotations

from registry_reconciler.base.escape import visible
from registry_reconciler.picture.choose import Picture


def dot(picture: Picture) -> str:
    """The graph for Graphviz."""
    lines = [f"  {_quoted(node)}{_look(picture, node)};" for node in picture.nodes]
    lines += [
        f"  {_quoted(arrow.source)} -> {_quoted(arrow.target)} [label={_quoted(arrow.label)}"
        + (", style=dashed];" if arrow.nothing else "];")
        for arrow in picture.arrows
    ]
    return "\n".join(["digraph registry {", "  rankdir=LR;", "  node [shape=box];", *lines, "}"]) + "\n"


def _look(picture: Picture, node: str) -> str:
    if node == picture.subject:
        return " [penwidth=3]"
    return " [style=dashed]" if node in picture.nothing else ""


def _quoted(text: str) -> str:
    return '"' + visible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def mermaid(picture: Picture) -> str:
    """The graph for Mermaid; nodes are numbered, because its ids take hardly any character."""
    numbers = {node: f"n{number}" for number, node in enumerate(picture.nodes)}
    lines = [f'  {numbers[node]}["{_entities(node)}"]' for node in picture.nodes]
    for arrow in picture.arrows:
        line = "-.->" if arrow.nothing else "-->"
        lines.append(f'  {numbers[arrow.source]} {line}|"{_entities(arrow.label)}"| {numbers[arrow.target]}')
    styles = [f"  style {numbers[picture.subject]} stroke-width:3px"] if picture.subject else []
    styles += [
        f"  style {numbers[node]} stroke-dasharray:4"
        for node in picture.nodes
        if node in picture.nothing and node != picture.subject
    ]
    return "\n".join(["flowchart LR", *lines, *styles]) + "\n"


def _entities(text: str) -> str:
    """Text for a quoted label: everything that Mermaid or HTML could read becomes a numbered entity."""
    return "".join(char if char.isalnum() or char in " ._-/:" else f"#{ord(char)};" for char in visible(text))
