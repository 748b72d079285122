"""How a file is written: its indentation, quotes and line ends, and what the neighbours of a new entry do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.base.yaml11 import type_11
from registry_reconciler.formats.nodes import Document, Member, Node, key_of, scalar_value

Pattern: TypeAlias = tuple[str, ...]
"""A field inside an entry, whatever the list index: ``("related_docs", "*", "path")``."""

_SAMPLE = 4000
_ENTRY_SAMPLE = 300


class Style(Struct, frozen=True):
    """The habits of a file. Columns count characters.

    Attributes:
        step: how far a mapping is indented below its key.
        seq_step: how far the dashes of a list are indented below its key (often 0 or 2).
        dash: how far an item's text stands behind its dash.
        quote: the quote taken where one is needed.
        braces, brackets: whether most have a blank inside; ``None``: there are none to look at.
        newline: the file's line end.
    """

    step: int = 2
    seq_step: int = 2
    dash: int = 2
    quote: str = '"'
    newline: str = "\n"
    braces: bool | None = None
    brackets: bool | None = None


class Hints(Struct, frozen=True):
    """What the neighbours of a new part do, by field: ``flow``, ``block``, a quote, or :func:`plain_style`.

    Attributes:
        quote_all, quote_keys: the quote that nearly all texts, or keys, have.
        as_json: they stand in braces, with double quotes around nearly all keys and texts: words without quotes would
            be read by YAML alone.
        plain_keys: keys without quotes that YAML 1.1 takes for something else than text: ``n``, ``on``, ``12``.
    """

    styles: dict[Pattern, str] = field(default_factory=dict)
    quote_all: str = ""
    quote_keys: str = ""
    plain_keys: frozenset[str] = frozenset()
    as_json: bool = False

    def below(self, key: str) -> Hints:
        """The hints for the field ``key`` of what these are for."""
        return self.apart()(key)

    def apart(self) -> Callable[[str], Hints]:
        """As :meth:`below`, for who asks about many fields: the hints are sorted by field once."""
        fields: dict[str, dict[Pattern, str]] = {}
        for path, style in self.styles.items():
            if path:
                fields.setdefault(path[0], {})[path[1:]] = style
        return lambda key: replace(self, styles=fields.get(key, {}))


def column_of(text: str, position: int) -> int:
    """The column of a place, from 0."""
    return position - (text.rfind("\n", 0, position) + 1)


def style_of(text: str, documents: Sequence[Document]) -> Style:
    """The habits of a text, by majority over a sample of it."""
    steps: Counter[int] = Counter()
    seq_steps: Counter[int] = Counter()
    dashes: Counter[int] = Counter()
    quotes: Counter[str] = Counter()
    padded: dict[str, Counter[bool]] = {"map": Counter(), "seq": Counter()}
    for parent, child, start in islice(_pairs(documents), _SAMPLE):
        if child.style in ("'", '"'):
            quotes[child.style] += 1
        if child.flow and child.entries and "\n" not in text[child.body : child.end]:
            padded[child.kind][text[child.body + 1] == " "] += 1
        if parent.flow:
            continue
        column = column_of(text, start)
        if parent.kind == "seq":
            if "\n" not in text[start : child.body] and child.body > start:
                dashes[child.body - start] += 1
        elif child.entries and not child.flow:
            counter = seq_steps if child.kind == "seq" else steps
            counter[column_of(text, child.entries[0].start) - column] += 1
    step = _most(steps, 2, least=1)
    return Style(
        step=step,
        seq_step=_most(seq_steps, step if steps else 2, least=0),
        dash=_most(dashes, 2, least=2),
        quote="'" if quotes["'"] > quotes['"'] else '"',
        newline="\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n",
        braces=_mostly(padded["map"]),
        brackets=_mostly(padded["seq"]),
    )


_LOOKED_AT = 50_000
"""So many bytes of another file tell its habits."""


def look_of(data: bytes | None) -> tuple[Style, Hints]:
    """The habits of another file, for one that is not there yet, and what an entry that is all of it does."""
    if data is None:
        return Style(), Hints()
    if len(data) > _LOOKED_AT:
        data = data[: data.rfind(b"\n", 0, _LOOKED_AT) + 1]
    return _look_of(data)


@lru_cache(8)
def _look_of(data: bytes) -> tuple[Style, Hints]:
    from registry_reconciler.formats.nodes import UncomposableText
    from registry_reconciler.formats.yaml.read.nodes import compose

    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        documents = compose(text)
    except (UncomposableText, UnicodeDecodeError):
        return Style(), Hints()
    return style_of(text, documents), hints_of([document.root for document in documents[:1]])


def _mostly(counts: Counter[bool]) -> bool | None:
    return counts[True] > counts[False] if counts else None


def _pairs(documents: Sequence[Document]) -> Iterable[tuple[Node, Node, int]]:
    stack = [document.root for document in reversed(documents)]
    while stack:
        node = stack.pop()
        for entry in node.entries:
            yield node, entry.value, entry.start
        stack.extend(entry.value for entry in reversed(node.entries) if entry.value.entries)


def _most(counter: Counter[int], default: int, *, least: int) -> int:
    usable = {number: count for number, count in counter.items() if least <= number <= 9}
    return max(usable, key=lambda number: (usable[number], -number)) if usable else default


def hints_of(nodes: Sequence[Node]) -> Hints:
    """What the given neighbours do, the first having the say."""
    styles: dict[Pattern, str] = {}
    quotes: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    plain: set[str] = set()
    for node in nodes:
        for pattern, part in islice(_patterned(node), _ENTRY_SAMPLE):
            if part.kind == "scalar":
                if isinstance(scalar_value(part), str):
                    styles.setdefault(pattern, part.style or plain_style(part.text))
                    quotes[part.style] += 1
            elif part.entries:
                styles.setdefault(pattern, "flow" if part.flow else "block")
            for entry in part.entries[:_ENTRY_SAMPLE]:
                if entry.key is not None:
                    keys[entry.key.style] += 1
                    if not entry.key.style and entry.key.text and type_11(entry.key.text) != "text":
                        plain.add(entry.key.text)
    quote_all, quote_keys = _majority(quotes), _majority(keys)
    as_json = quote_all == quote_keys == '"' and all(node.flow for node in nodes)
    return Hints(styles, quote_all, quote_keys, frozenset(plain), as_json)


def plain_style(text: str) -> str:
    """The style of a plain text; where YAML 1.1 takes it for something else, that is said too."""
    found = type_11(text)
    return "plain" if found == "text" else f"plain {found}"


def _patterned(node: Node) -> Iterable[tuple[Pattern, Node]]:
    yield (), node
    # Step by step: a sample of a long list must not cost as much as the list.
    stack: list[tuple[Pattern, Node, Iterator[Member]]] = [((), node, iter(node.entries))]
    while stack:
        pattern, current, entries = stack[-1]
        entry = next(entries, None)
        if entry is None:
            stack.pop()
            continue
        step = "*" if current.kind == "seq" else "<<" if entry.merge else str(key_of(entry))
        below = (*pattern, step)
        yield below, entry.value
        if entry.value.entries:
            stack.append((below, entry.value, iter(entry.value.entries)))


def _majority(quotes: Counter[str]) -> str:
    """The quote that nearly all take, also where none is needed; "" where most go without."""
    best = max(("'", '"'), key=lambda quote: quotes[quote])
    return best if quotes[best] > 3 * (sum(quotes.values()) - quotes[best]) else ""
