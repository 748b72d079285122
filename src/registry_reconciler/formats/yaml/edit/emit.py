"""New text in the style of a file. Lines are relative to the column of what they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.yaml_quotes import double_quoted
from registry_reconciler.formats.edits import Snippet, SpliceError
from registry_reconciler.formats.nodes import Node
from registry_reconciler.formats.yaml.edit.block_scalars import Body, literal_body
from registry_reconciler.formats.yaml.edit.flat_items import flat_entries, flat_items
from registry_reconciler.formats.yaml.edit.style import Hints, Style, plain_style
from registry_reconciler.formats.yaml.edit.wording import WordedValue, Wording, in_words, part_of
from registry_reconciler.formats.yaml.read.scalars import (
    is_plain_safe,
    is_single_line,
    number_text,
    single_quoted,
)
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import Opaque

# libyaml takes a key without "?" only up to 1,024 characters.
_LONGEST_KEY = 1000
_NO_HINTS = Hints()

_BRACKETED = re.compile(r"^[?]|[,\[\]{}]")
"""What a key on lines of its own may say that means something else inside of brackets."""


class Piece(Struct, frozen=True):
    """A value inside new text that brings its own text along."""

    value: Json
    snippet: Snippet


def indented(lines: Sequence[str], width: int) -> list[str]:
    """The lines, moved to the right; blank lines stay blank."""
    pad = " " * width
    return [pad + line if line else line for line in lines]


class Emitter:
    """Writes values in one style.

    Args:
        style: the file's habits.
        blocks: whether the last value may be a block scalar.
        keeps: whether the last value may be one that keeps all line ends behind it.
    """

    def __init__(self, style: Style, *, blocks: bool = True, keeps: bool = True) -> None:
        self.style = style
        self.blocks = blocks
        self.keeps = keeps

    def before(self, *, comment: bool, blank: bool) -> Emitter:
        """The same for what stands before a deeper comment or a blank line: a block scalar would take them in."""
        return Emitter(self.style, blocks=not comment, keeps=not comment and not blank)

    def _at(self, last: bool) -> Emitter:
        """The same for a part of a collection: behind all but the last one comes another."""
        return self if last else Emitter(self.style)

    def body(self, value: Json | Piece, hints: Hints = _NO_HINTS) -> Body:
        """A value as text for block context."""
        if isinstance(value, Piece):
            return self._piece(value, hints)
        if isinstance(value, WordedValue):
            return self._part(value, hints)
        if type(value) is Opaque:
            head, *rest = value.source.split("\n")
            return Body("inline", head, tuple(rest), open_end=True)
        if isinstance(value, (dict, list)):
            if not value or hints.styles.get(()) == "flow":
                return Body("inline", self.flow(value, hints))
            return self._map(value, hints) if isinstance(value, dict) else self._seq(value, hints)
        if isinstance(value, str) and "\n" in value and self.blocks:
            literal = literal_body(value, self.style.step)
            if literal is not None:
                return literal
        return Body("inline", self.scalar(value, hints))

    def _map(self, value: dict[str, Json], hints: Hints) -> Body:
        lines: list[str] = []
        open_end = False
        below = hints.apart()
        texts, flat = flat_entries(value, self, hints, self.style.step)
        if all(flat) and len(max(texts, key=len)) <= _LONGEST_KEY:
            heads = zip(map("{}:".format, texts), strict=True)
            pairs = zip(heads, filter(None, flat), strict=True)
            return Body("map", lines=tuple(chain.from_iterable(chain.from_iterable(pairs))))
        for number, ((key, part), text, rows) in enumerate(zip(value.items(), texts, flat, strict=True), 1):
            if rows is not None and len(text) <= _LONGEST_KEY:
                lines.append(f"{text}:")
                lines += rows
                open_end = False
                continue
            body = self._at(number == len(value)).new(part, below(key))
            lines += self.pair(text, body)
            open_end = body.open_end
        return Body("map", lines=tuple(lines), open_end=open_end)

    def _seq(self, value: list[Json], hints: Hints) -> Body:
        lines: list[str] = []
        open_end = False
        below = hints.below("*")
        leads = "-" + " " * (self.style.dash - 1), " " * self.style.dash
        flat = flat_items(value, self, below, leads) if not below.styles else [None] * len(value)
        if value and all(flat):
            return Body("seq", lines=tuple(chain.from_iterable(filter(None, flat))))
        for number, (part, rows) in enumerate(zip(value, flat, strict=True), 1):
            if rows is not None:
                lines += rows
                open_end = False
                continue
            body = self._at(number == len(value)).new(part, below)
            lines += self.item(body)
            open_end = body.open_end
        return Body("seq", lines=tuple(lines), open_end=open_end)

    def _piece(self, piece: Piece, hints: Hints) -> Body:
        from registry_reconciler.formats.nodes import UncomposableText
        from registry_reconciler.formats.yaml.read.nodes import compose

        comments = piece.snippet.comments
        lines = tuple(piece.snippet.text.split("\n"))
        plain = _plain_block(piece.snippet)
        if plain is not None:
            return Body(plain, "", lines, comments)
        try:
            root = compose(piece.snippet.text + "\n")[0].root
        except (UncomposableText, IndexError):
            return replace(self.body(piece.value, hints), comments=comments)
        if root.flow and piece.snippet.kept and len(lines) == 1:
            return Body("inline", lines[0], comments=comments)
        if root.kind not in ("map", "seq") or root.flow:
            return self.new(in_words(piece.value, piece.snippet), hints)
        kind: Literal["map", "seq"] = "map" if root.kind == "map" else "seq"
        leaf = root
        while leaf.entries:
            leaf = leaf.entries[-1].value
        open_end = leaf.style in ("|", ">")
        kept = open_end and _keeps(piece.snippet.text, leaf)
        if open_end and (not self.blocks or (kept and not self.keeps)):
            return self.new(in_words(piece.value, piece.snippet), hints)
        return Body(kind, "", lines, comments, open_end)

    def _part(self, part: WordedValue, hints: Hints) -> Body:
        """A value in the words of another text."""
        value, wording = part.value, part.wording
        if not isinstance(value, dict | list) or type(value) is Opaque:
            return self.scalar_body(part, self.style.step) or self.body(value, hints)
        if wording.node.kind != ("map" if isinstance(value, dict) else "seq"):
            return self.body(value, hints)
        on_lines = wording.commented() or wording.needs_lines()
        wanted = hints.styles.get((), "")
        flow = wanted == "flow" if wanted in ("flow", "block") else wording.flow
        if not value or (flow and not on_lines):
            return Body("inline", self.flow(part, hints))
        lines: list[str] = []
        open_end = False
        if isinstance(value, dict):
            below = hints.apart()
            for number, (key, inner) in enumerate(value.items(), 1):
                inside = self._at(number == len(value))
                body = inside.new(part_of(inner, wording, key), below(key), whole=True)
                lines += self.pair(self.key_of(part_of(inner, wording, key), key, hints), body)
                open_end = body.open_end
        else:
            for index, inner in enumerate(value):
                inside = self._at(index == len(value) - 1)
                body = inside.new(part_of(inner, wording, index, len(value)), hints.below("*"), whole=True)
                lines += self.item(body)
                open_end = body.open_end
        lines += wording.below()
        return Body("map" if isinstance(value, dict) else "seq", lines=tuple(lines), open_end=open_end)

    def scalar_body(self, part: WordedValue, offset: int) -> Body | None:
        """A scalar in the words of another text; ``None`` where they would not say it here."""
        rows = part.wording.rows(part.value, flow=False, offset=offset, keeps=self.keeps)
        if rows is None:
            return None
        if part.wording.node.style in ("|", ">"):
            return Body("literal", rows[0], tuple(rows[1:]), open_end=True) if self.blocks else None
        return Body("inline", rows[0], tuple(rows[1:]))

    def new(self, value: Any, hints: Hints, *, whole: bool = False) -> Body:
        """The text of a new item or pair: with the comments that its source has.

        Args:
            whole: all lines above it come along, and not only those that belong to it.
        """
        body = self.body(value, hints)
        if not isinstance(value, WordedValue):
            return body
        rows = value.wording.lead() if whole else value.wording.own()
        return replace(body, comments=(*value.comments, *rows, *body.comments), tail=value.wording.tail())

    def key_of(self, value: Any, key: str, hints: Hints, *, flow: bool = False) -> str:
        """A key as the source of its value writes it, else as the neighbours do."""
        text = value.wording.key(key) if isinstance(value, WordedValue) and not hints.as_json else None
        if text is not None and flow and not value.wording.member_in_flow and _BRACKETED.search(text):
            text = None
        return self.key(key, hints, flow=flow) if text is None else text

    def key(self, key: str, hints: Hints = _NO_HINTS, *, flow: bool = False) -> str:
        """A key, without its colon."""
        wanted = plain_style(key) if key in hints.plain_keys else "plain"
        return self._string(key, hints.quote_keys or wanted, flow=flow)

    def pair(self, key: str, body: Body) -> list[str]:
        """The lines of a pair in a block mapping, relative to the mapping."""
        style = self.style
        mark = ":"
        tail = body.tail
        lines = list(body.comments)
        if len(key) > _LONGEST_KEY:
            lines.append(f"? {key}")
            key = ""
        if body.kind == "map":
            return [*lines, key + mark + tail, *indented(body.lines, style.step)]
        if body.kind == "seq":
            return [*lines, key + mark + tail, *indented(body.lines, style.seq_step)]
        return [
            *lines,
            *_tailed(f"{key}{mark} {body.head}".rstrip(" "), indented(body.lines, style.step), body),
        ]

    def item(self, body: Body, dash: int | None = None) -> list[str]:
        """The lines of an item in a block sequence, relative to the sequence."""
        width = self.style.dash if dash is None else dash
        lead = "-" + " " * (width - 1)
        lines = list(body.comments)
        if body.kind in ("map", "seq"):
            rows = list(body.lines)
            while rows and rows[0].lstrip(" \t\r").startswith("#"):
                lines.append(
                    rows.pop(0).strip(" \t\r")
                )  # what stands above the first pair stands above the dash
            lines += [body.tail.strip(" \t\r")] if body.tail else []
            return [*lines, lead + rows[0], *indented(rows[1:], width)]
        if body.kind == "literal":
            head = (
                body.head.replace(str(self.style.step), str(width)) if body.head[1:2].isdigit() else body.head
            )
            return [*lines, *_tailed(lead + head, indented(body.lines, width), body)]
        return [*lines, *_tailed((lead + body.head).rstrip(" \t\r"), indented(body.lines, width), body)]

    def flow(self, value: Json | Piece, hints: Hints = _NO_HINTS) -> str:
        """A value on one line, for flow context."""
        if isinstance(value, Piece):
            value = value.value
        wording: Wording | None = None
        if isinstance(value, WordedValue):
            value, wording = value.value, value.wording
            rows = wording.rows(value, flow=True, offset=0)
            if rows is not None and not (hints.as_json and isinstance(value, str)):
                return rows[0]
        if type(value) is Opaque:
            return self.scalar(value, hints, flow=True)
        if isinstance(value, dict):
            below = hints.apart()
            pairs = (
                self._flow_pair(key, part_of(part, wording, key), hints, below(key))
                for key, part in value.items()
            )
            return self._enclosed("{", pairs, "}", self.style.braces, wording)
        if isinstance(value, list):
            items = hints.below("*")
            parts = (part_of(part, wording, index, len(value)) for index, part in enumerate(value))
            texts = (self.flow(part, items) for part in parts)
            return self._enclosed("[", texts, "]", self.style.brackets, wording)
        return self.scalar(value, hints, flow=True)

    @staticmethod
    def _enclosed(
        opening: str, parts: Iterable[str], closing: str, padded: bool | None, wording: Wording | None
    ) -> str:
        """Items between brackets: with a blank inside where the others of the file have one, else as their source."""
        text = ", ".join(parts)
        if padded is None:
            padded = wording is not None and wording.padded
        pad = " " if padded and text else ""
        return f"{opening}{pad}{text}{pad}{closing}"

    def flow_pair(self, key: str, value: Json | Piece, hints: Hints = _NO_HINTS) -> str:
        """A pair of a flow mapping."""
        return self._flow_pair(key, value, hints, hints.below(key))

    def _flow_pair(self, key: str, value: Json | Piece, hints: Hints, below: Hints) -> str:
        text = self.key_of(value, key, hints, flow=True)
        lead = "? " if len(text) > _LONGEST_KEY else ""
        return f"{lead}{text}{' ' if lead else ''}: {self.flow(value, below)}"

    def scalar(self, value: Json, hints: Hints = _NO_HINTS, *, flow: bool = False) -> str:
        """A scalar on one line."""
        if type(value) is Opaque:
            if "\n" in value.source:
                raise SpliceError("a node with an unknown tag has no room on one line")
            return value.source
        if isinstance(value, str):
            wanted = hints.styles.get((), "plain")
            if wanted not in ("'", '"') and not wanted.startswith("plain "):
                wanted = hints.quote_all or "plain"
            return self._string(value, wanted, flow=flow)
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        return number_text(value)

    def _string(self, text: str, wanted: str, *, flow: bool) -> str:
        if wanted.startswith("plain"):
            if is_plain_safe(text, flow=flow, like=wanted.removeprefix("plain").strip()):
                return text
            wanted = self.style.quote
        return single_quoted(text) if wanted == "'" and is_single_line(text) else double_quoted(text)

    def restyled(self, value: Json, style: str, *, flow: bool) -> str:
        """A scalar on one line in the quotes that its predecessor had, as far as it can have them."""
        if not isinstance(value, str):
            return self.scalar(value, flow=flow)
        return self._string(
            value, style if style in ("'", '"') or style.startswith("plain ") else "plain", flow=flow
        )


def _tailed(first: str, rest: Sequence[str], body: Body) -> list[str]:
    """Lines with the comment of the value: behind a block scalar's header, else behind the last line."""
    if not body.tail:
        return [first, *rest]
    if body.kind == "literal" or not rest:
        return [first + body.tail, *rest]
    return [first, *rest[:-1], rest[-1] + body.tail]


def _plain_block(snippet: Snippet) -> Literal["map", "seq"] | None:
    """What a text is that is a block and holds no block scalar: most are, and need not be composed to tell so."""
    text, value = snippet.text, snippet.value
    if not value or "|" in text or ">" in text:
        return None
    if isinstance(value, dict) and text[:1].isalnum():
        return "map"
    return "seq" if isinstance(value, list) and text.startswith("- ") else None


def _keeps(text: str, leaf: Node) -> bool:
    """Whether a block scalar keeps all line ends behind it: then the text cannot end just anywhere."""
    return "+" in text[leaf.body :].partition("\n")[0].partition("#")[0]


def dump(value: Json, style: Style = Style(), *, indent: int = 0) -> str:  # noqa: B008 - frozen
    """A value in block style, each line with its line end, ``indent`` columns to the right."""
    body = Emitter(style).body(value)
    lines = (
        [body.head, *indented(body.lines, style.step)] if body.kind in ("inline", "literal") else body.lines
    )
    return "".join(line + style.newline for line in indented(lines, indent))
