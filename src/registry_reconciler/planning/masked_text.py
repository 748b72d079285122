"""Files that hold secrets: which they are, where in their text the secrets stand, and the text without them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from registry_reconciler.base.mask import MASK
from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.table import format_named, format_of
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.directives import DIRECTIVES
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.marks import Marks, MarkState
from registry_reconciler.model.redact import SecretTexts, secret_texts

if TYPE_CHECKING:
    from registry_reconciler.formats.nodes import Node
    from registry_reconciler.loading.catalog import Catalog
    from registry_reconciler.loading.registries import Live
    from registry_reconciler.loading.workspace import Loaded

_Span = tuple[int, int]


def may_hold_secrets(catalog: Catalog) -> bool:
    """Whether a kind has secrets, or one that cannot be used may have."""
    return any(kind.secrets for kind in catalog.kinds.values()) or _unknown(catalog)


def _unknown(catalog: Catalog) -> bool:
    """Whether a schema cannot be used and something in the folder speaks of secrets: then any file may hold some."""
    return bool(catalog.problems) and any(
        b"secret" in (source.data or b"").lower() for source in catalog.files.values()
    )


def holding(loaded: Loaded, written: Iterable[str] = ()) -> frozenset[str]:
    """The registry files and fragments that have entries of a kind with secrets, whether a value is there or not.

    What cannot be read, or says something that no kind is for, counts too: nobody knows what stands there.
    """
    if not may_hold_secrets(loaded.catalog):
        return frozenset()
    live, fragments = loaded.live, loaded.fragments
    if _unknown(loaded.catalog):
        return frozenset((*live.files, *fragments.files, *written))
    kinds = [kind for kind in loaded.kinds.values() if kind.secrets]
    found = set(holding_registries(loaded.catalog, live))
    found.update(path for path in written if any(kind.file.match(path) is not None for kind in kinds))
    found.update(path for path, source in fragments.files.items() if not _is_open(source, loaded.kinds))
    return frozenset(found)


def holding_registries(catalog: Catalog, live: Live) -> frozenset[str]:
    """The registry files among them."""
    if _unknown(catalog):
        return frozenset(live.files)
    kinds = (kind for kind in catalog.kinds.values() if kind.secrets)
    return frozenset(path for kind in kinds for path in live.files_of.get(kind.name, ()))


def _is_open(source: SourceFile, kinds: Mapping[str, Kind]) -> bool:
    return source.readable and all(
        document is None
        or (isinstance(document, dict) and all(_is_open_key(name, kinds) for name in document))
        for document in source.documents
    )


def _is_open_key(name: str, kinds: Mapping[str, Kind]) -> bool:
    return name in DIRECTIVES or (name in kinds and not kinds[name].secrets)


class Hider:
    """Takes the secrets out of texts of a workspace."""

    def __init__(self, loaded: Loaded, texts: SecretTexts | None = None) -> None:
        self._loaded = loaded
        self._kinds = loaded.kinds
        self._holding = holding(loaded)
        self._texts = texts
        self._spans: dict[str, tuple[_Span, ...]] = {}

    @property
    def texts(self) -> SecretTexts:
        """What the secrets look like."""
        if self._texts is None:
            entries = (*self._loaded.live.entries.values(), *self._loaded.live.clashes)
            self._texts = secret_texts(self._kinds, (*entries, *self._loaded.fragments.entries))
        return self._texts

    def spans(self, path: str) -> tuple[_Span, ...]:
        """Where the secrets of a file stand: first byte and the one behind the last."""
        if path not in self._spans:
            source = self._loaded.files.get(path)
            data = source.data if source is not None and source.data is not None else b""
            bom = 3 if data.startswith(b"\xef\xbb\xbf") else 0
            text = data.decode("utf-8", "replace").removeprefix("\ufeff")
            self._spans[path] = tuple(_in_bytes(text, self._in_text(path, text), bom))
        return self._spans[path]

    def without(self, path: str, data: bytes) -> bytes:
        """A text that stands at a path, or would, with as many lines and no secret.

        Comments are no values: one keeps what it says, but for the text of a secret that it repeats.
        """
        if not may_hold_secrets(self._loaded.catalog):
            return data
        text = data.decode("utf-8", "replace").removeprefix("\ufeff")
        if path in self._holding or not self._is_known(path):
            position, parts = 0, []
            for low, high in self._in_text(path, text):
                parts += [text[position:low], _masked(text[low:high])]
                position = max(position, high)
            text = "".join((*parts, text[position:]))
        return self.texts.without(text).encode("utf-8", "replace")

    def _is_known(self, path: str) -> bool:
        return path in self._loaded.files

    def _format(self, path: str) -> TextFormat:
        """The format of a text that stands at a path, or would."""
        source = self._loaded.files.get(path)
        if source is not None:
            return source.format
        owners = (kind for kind in self._kinds.values() if kind.file.match(path) is not None)
        return next((format_of(path, kind) for kind in owners), format_named(path))

    def _in_text(self, path: str, text: str) -> list[_Span]:
        """The spans in order, none within another."""
        from registry_reconciler.formats.nodes import UncomposableText

        try:
            documents = self._format(path).compose(text)
        except (UncomposableText, RecursionError):
            return [(0, len(text))]
        found: list[_Span] = []
        roots = [document.root for document in documents]
        if path in self._loaded.fragments.files or path.startswith("desired/"):
            for root in roots:
                _in_fragment(root, self._kinds, found)
        else:
            self._in_registry(path, text, roots, found)
        return _merged(found)

    def _in_registry(self, path: str, text: str, roots: list[Node], found: list[_Span]) -> None:
        from registry_reconciler.layouts.walk import containers

        read = self._format(path).read(text.encode("utf-8", "replace"))
        if not read.readable or _unknown(self._loaded.catalog):
            found.append((0, len(text)))
            return
        for kind in self._kinds.values():
            bound = kind.file.match(path) if kind.secrets else None
            if bound is None:
                continue
            for container in containers(kind, read.documents, bound):
                node = _node_at(roots[container.document], container.path)
                if node is not None:
                    _in_container(kind, node, LAYOUTS[kind.layout].depth, found)


def _in_bytes(text: str, spans: list[_Span], offset: int) -> Iterator[_Span]:
    position = 0
    for low, high in spans:
        start = offset + len(text[position:low].encode())
        offset = start + len(text[low:high].encode())
        position = high
        yield start, offset


def _in_fragment(root: Node, kinds: Mapping[str, Kind], found: list[_Span]) -> None:
    if root.kind != "map":
        found.append((root.start, root.end))
        return
    for entry in root.entries:
        name = entry.key.text if entry.key is not None and entry.key.kind == "scalar" else ""
        if _is_open_key(name, kinds):
            continue
        kind = kinds.get(name)
        if kind is None or _resolved(entry.value).kind != "seq":
            found.append((entry.value.start, entry.value.end))
        else:
            _in_container(kind, entry.value, 1, found)


def _in_container(kind: Kind, node: Node, depth: int, found: list[_Span]) -> None:
    """The spans of a container whose entries stand so many steps below it; what has another shape is taken apart."""
    walker = _Walker(kind.secrets, found)
    nodes = [_resolved(node)]
    if depth == 0 and nodes[0].kind != "map":
        depth = 1
    for _ in range(depth):
        nodes = [entry.value for node in nodes for entry in _resolved(node).entries]
    for part in nodes:
        walker.walk(kind.secrets.start, part)


class _Walker:
    """Finds the secret parts of nodes; the same rules as :meth:`registry_reconciler.model.marks.Marks.mask`."""

    def __init__(self, marks: Marks, found: list[_Span]) -> None:
        self._marks = marks
        self._found = found
        self._seen: set[tuple[int, int]] = set()

    def walk(self, state: MarkState, node: Node) -> None:
        if not state.leads or (id(state), id(node)) in self._seen:
            return
        self._seen.add((id(state), id(node)))
        target = _resolved(node)
        if state.secret or not state.takes(_shape(target)):
            self._hide(node)
        elif target.kind == "map":
            for entry in target.entries:
                if entry.merge:
                    self._merged(state, entry.value)
                else:
                    self._field(state, entry.key, entry.value)
        else:
            inner = self._marks.item(state)
            for entry in target.entries:
                self.walk(inner, entry.value)

    def _field(self, state: MarkState, key: Node | None, value: Node) -> None:
        if key is None or key.kind != "scalar":
            self._hide(value)
            return
        inner = self._marks.field(state, key.text)
        if self._marks.slipped(state, key.text, inner):
            self._hide(value)
        else:
            self.walk(inner, value)

    def _merged(self, state: MarkState, node: Node) -> None:
        target = _resolved(node)
        for source in (entry.value for entry in target.entries) if target.kind == "seq" else (target,):
            self.walk(state, _resolved(source))

    def _hide(self, node: Node) -> None:
        self._found.append((node.start, node.end))
        target = _resolved(node)
        if target is not node and (0, id(target)) not in self._seen:
            self._seen.add((0, id(target)))
            self._hide(target)  # an alias shows nothing, what it stands for does
        # What is not written in one piece has nothing but its parts.
        apart = node.start == node.end
        for entry in node.entries:
            if apart or entry.value.kind in ("alias", "map", "seq"):
                self._hide(entry.value)


def _resolved(node: Node) -> Node:
    return node.target if node.kind == "alias" and node.target is not None else node


def _shape(node: Node) -> Json:
    """A value of the type that a node has."""
    if node.kind == "map":
        return {}
    if node.kind == "seq":
        return []
    if node.style or node.tag:
        return ""
    from registry_reconciler.formats.nodes import scalar_value

    return scalar_value(node)


def _node_at(root: Node, path: FieldPath) -> Node | None:
    from registry_reconciler.formats.nodes import child_index

    node = root
    for step in path:
        node = _resolved(node)
        index = child_index(node, step)
        if index is None:
            return None
        node = node.entries[index].value
    return node


def _merged(spans: list[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for low, high in sorted(spans):
        if merged and low < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _masked(text: str) -> str:
    """The mask on as many lines as the text has, each as far in as it was."""
    if not text.strip():
        return text
    more = text.split("\n")[1:]
    return "\n".join([MASK, *(_masked_line(line) if line.strip() else line for line in more)])


def _masked_line(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + MASK
