"""Which secret fields a template names, told from its text: a branch that is never taken counts too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import nodes

_BY_FIELD = frozenset(
    {"map", "selectattr", "rejectattr", "groupby", "sort", "sum", "unique", "max", "min", "join"}
)
"""Filters that take the name of a field."""


class TemplateReader:
    """Follows the loops over ``entries.KIND`` and tells what is read of each entry.

    Args:
        secrets: the secret fields of each kind, as dotted paths.
        kind: of what an item is made, where there is one: its fields are names of their own.
    """

    def __init__(self, secrets: Mapping[str, set[str]], kind: str | None) -> None:
        self.secrets = secrets
        self.kind = kind

    def reads(self, tree: nodes.Node) -> Iterator[tuple[int, str, str]]:
        """Line, field and kind of every secret field that is named."""
        yield from self._visit(tree, {})

    def _visit(self, node: nodes.Node, bound: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
        if isinstance(node, nodes.For):
            kind = self._kind(node.iter)
            yield from self._visit(node.iter, bound)
            inner = dict(bound)
            if kind is not None and isinstance(node.target, nodes.Name):
                inner[node.target.name] = kind
            parts = (*node.body, *node.else_, *([node.test] if node.test is not None else []))
            for part in parts:
                yield from self._visit(part, inner)
            return
        if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
            pass
        yield from self._named(node, bound)
        for iter_child_node in node.iter_child_nodes():
            yield from self._visit(iter_child_node, bound)

    def _named(self, node: nodes.Node, bound: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
        if isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Name):
            chain = self._chain(node, bound)
            if chain is not None:
                yield from self._secret(chain[0], ".".join(chain[1]), node.lineno)
        elif isinstance(node, nodes.Filter) and node.name in _BY_FIELD and node.node is not None:
            kind = self._kind(node.node)
            words = [*node.args[:2], *(pair.value for pair in node.kwargs)]
            for argument in words if kind is not None else ():
                if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
                    for word in argument.value.split(","):
                        yield from self._secret(kind or "", word.strip(), node.lineno)

    def _secret(self, kind: str, path: str, line: int) -> Iterator[tuple[int, str, str]]:
        if path.partition(".")[0] == "values" and kind in self.secrets:
            yield line, "values", kind
            return
        for secret in self.secrets.get(kind, ()):
            if path == secret or path.startswith(f"{secret}."):
                yield line, path, kind
                return

    def _chain(self, node: nodes.Node, bound: Mapping[str, str]) -> tuple[str, list[str]] | None:
        """The kind and the field that a chain of names means."""
        steps: list[str] = []
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            if self._is_entry(node):
                break
            if isinstance(node, nodes.Getattr):
                steps.append(node.attr)
            elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                steps.append(node.arg.value)
            elif not isinstance(node.arg, nodes.Const):
                return None
            node = node.node
        steps.reverse()
        kind: str | None = None
        if isinstance(node, nodes.Name) and node.name in bound:
            kind = bound[node.name]
        elif isinstance(node, nodes.Name) and self.kind is not None:
            kind = self.kind
            steps = steps if node.name == "entry" else [node.name, *steps]
        elif isinstance(node, nodes.Getitem):
            kind = self._kind(node.node)
        elif isinstance(node, nodes.Filter) and node.name in ("first", "last", "max", "min"):
            kind = self._kind(node.node) if node.node is not None else None
        if kind is None:
            return None
        return (kind, steps) if steps else None

    def _is_entry(self, node: nodes.Node) -> bool:
        return isinstance(node, nodes.Getitem) and self._kind(node.node) is not None

    def _kind(self, node: nodes.Node | None) -> str | None:
        """The kind whose entries an expression gives, filtered or sorted."""
        while isinstance(node, nodes.Filter) and node.name not in (
            "map",
            "groupby",
            "first",
            "last",
            "length",
        ):
            node = node.node
        name: str | None = None
        if isinstance(node, nodes.Getattr):
            name = node.attr
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            name = node.arg.value if isinstance(node.arg.value, str) else None
        if name is None or not isinstance(node, nodes.Getattr | nodes.Getitem):
            return None
        inner = node.node
        return name if isinstance(inner, nodes.Name) and inner.name == "entries" else None
