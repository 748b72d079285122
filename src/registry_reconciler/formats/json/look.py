"""How a JSON text is written, and new values written the same way: as their neighbours are, else as the file is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from msgspec import Struct, field

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.edits import SpliceError
from registry_reconciler.formats.json.models import MODELS, values_at
from registry_reconciler.formats.json.source import COMMENT, JsonNode
from registry_reconciler.formats.notes import NO_NOTES, Note, Notes, below
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import WrittenFloat, float_token

_SAMPLE = 3000
WIDTH = 80
"""What is longer than this takes several lines where the file has some on several, or shorter lists alone."""

_ESCAPES = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|[^\\]", re.DOTALL)
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_OPTIONAL = "/<>&'\x7f\u2028\u2029"
"""Characters that need no escape and that some writers give one."""


class Look(Struct, frozen=True):
    """The habits of a file.

    Attributes:
        unit: how far a part is indented below its whole.
        lines: parts stand on lines of their own.
        lists: lists of plain values do too: yes, no, or ``None`` where they do where they are long.
        width: how far a list of plain values on one line may reach: as far as one of them does, or the usual width.
        colon, comma: what stands between key and value, and behind a comma on one line.
        pads: what stands inside of the brackets of mappings and of lists on one line.
        escaped: characters that are written as escapes though they need none.
        ascii: so are all beyond ASCII.
        upper: the digits of escapes are in capitals.
        trailing: a comma stands behind the last part of what is written on several lines.
        leading: a comma stands in front of a part on its line, and not behind the part before.
    """

    unit: str = "  "
    lines: bool = True
    lists: bool | None = True
    width: int = WIDTH
    colon: str = ": "
    comma: str = " "
    pads: tuple[str, str] = ("", "")
    newline: str = "\n"
    escaped: frozenset[str] = frozenset()
    ascii: bool = False
    upper: bool = False
    trailing: bool = False
    leading: bool = False

    def apart(self, indent: str) -> str:
        """What stands between two parts on lines of their own that are indented like this, without comments."""
        if not self.leading:
            return f",{self.newline}{indent}"
        return f"{self.newline}{indent[:-2]}, "


def look_of(root: JsonNode) -> Look:
    """The habits of a text, by majority over a sample of it."""
    text = root.source.text
    votes = _Votes()
    for node in islice(_collections(root), _SAMPLE):
        votes.see(node)
    lines = "\n" in text[root.start : root.end]
    slash, back = text.count("/"), text.count("\\/")
    escaped = {"/"} if back * 2 > slash else set()
    codes = Counter(chr(int(code, 16)) for code in _UNICODE.findall(text)) if "\\u" in text else Counter()
    escaped |= {name for name in _OPTIONAL if codes[name] > text.count(name)}
    wide = sum(count for char, count in codes.items() if char > "\x7f")
    raw = 0 if text.isascii() else sum(1 for character in text if character > "\x7f")
    digits = "".join(_UNICODE.findall(text)) if codes else ""
    return Look(
        unit=votes.units.most_common(1)[0][0] if votes.units else "  ",
        lines=lines or len(votes.colons) == 0,
        lists=votes.lists_on_lines(default=lines or not votes.colons),
        width=max(WIDTH, votes.widest),
        colon=votes.colons.most_common(1)[0][0] if votes.colons else ": ",
        comma=_first(votes.commas, "" if votes.colons and votes.colons.most_common(1)[0][0] == ":" else " "),
        pads=(_first(votes.pads["map"], ""), _first(votes.pads["seq"], "")),
        newline="\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n",
        escaped=frozenset(escaped),
        ascii=wide > raw,
        upper=sum(map(digits.count, "ABCDEF")) > sum(map(digits.count, "abcdef")),
        trailing=votes.trailing > votes.bare,
        leading=votes.leading > votes.behind,
    )


def _first(votes: Counter[str], default: str) -> str:
    return votes.most_common(1)[0][0] if votes else default


def _collections(root: JsonNode) -> Iterator[JsonNode]:
    """The collections of a text that have parts; of a long one the first parts only."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not node.entries:
            continue
        yield node
        inner = [entry.value for entry in node.entries[:200]]
        waiting.extend(
            part for part in reversed(inner) if isinstance(part, JsonNode) and part.kind != "scalar"
        )


class _Votes(Struct):
    units: Counter[str] = field(default_factory=Counter)
    colons: Counter[str] = field(default_factory=Counter)
    commas: Counter[str] = field(default_factory=Counter)
    pads: dict[str, Counter[str]] = field(default_factory=lambda: {"map": Counter(), "seq": Counter()})
    on_lines: int = 0
    on_one: int = 0
    widest: int = 0
    trailing: int = 0
    bare: int = 0
    leading: int = 0
    behind: int = 0

    def see(self, node: JsonNode) -> None:
        """Take up what one collection shows."""
        source = node.source
        text, members = source.text, node.entries
        head = text[node.start + 1 : members[0].start]
        for member in members[:20]:
            between = text[member.key.end : member.value.start] if member.key is not None else ""
            if between and "\n" not in between and not COMMENT.search(between):
                self.colons[between] += 1
        plain = node.kind == "seq" and all(member.value.kind == "scalar" for member in members[:20])
        if "\n" not in head:
            self.on_one += plain
            if plain:
                self.widest = max(self.widest, node.end - text.rfind("\n", 0, node.end) - 1)
            self.pads[node.kind][head if not head.strip(SPACE) else ""] += 1
            for member, following in pairwise(members[:20]):
                gap = text[member.value.end : following.start]
                if gap.startswith(",") and not gap[1:].strip(SPACE):
                    self.commas[gap[1:]] += 1
            return
        self.on_lines += plain
        for member, following in pairwise(members[:20]):
            leads = "\n" in text[member.value.end : following.start].partition(",")[0]
            self.leading += leads
            self.behind += not leads
        behind = source.skip(members[-1].value.end)
        if text[behind : behind + 1] == ",":
            self.trailing += 1
        else:
            self.bare += 1
        outer, inner = source.indent(node.start), source.indent(members[0].start)
        if len(inner) > len(outer) and inner.startswith(outer):
            self.units[inner[len(outer) :]] += 1

    def lists_on_lines(self, *, default: bool) -> bool | None:
        """How lists of plain values are written."""
        if self.on_lines and self.on_one:
            return None
        return default if not (self.on_lines or self.on_one) else bool(self.on_lines)


class Writer:
    """Writes values as their neighbours are written."""

    def __init__(self, look: Look, *, flat: bool = False) -> None:
        """``flat``: all on one line, whatever stands near."""
        self.look = look
        self.flat = flat

    def value(
        self,
        value: Json,
        indent: str,
        models: Sequence[JsonNode] = (),
        column: int = 0,
        notes: Notes = NO_NOTES,
    ) -> str:
        """The text of a value on a line that is indented like this; further lines are indented from there.

        Args:
            models: how the neighbours' values of the same field are written.
            column: how far in on its line it begins.
            notes: comments of its parts, in JSONC: what has some has a line for each part.
        """
        if isinstance(value, dict | list):
            kind = "map" if isinstance(value, dict) else "seq"
            alike = [model for model in models if model.kind == kind]
            return self._collection(value, indent, alike, column, notes)
        return self.scalar(value)

    def _collection(
        self, value: Json, indent: str, models: Sequence[JsonNode], column: int, notes: Notes
    ) -> str:
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        if not value:
            return opening + closing
        models = [model for model in models if model.entries]
        inside = any(notes[path] for path in notes if path) or bool(notes.get((), Note()).last)
        spread = True if inside and not self.flat else self._on_lines(value, models)
        if spread is not True:
            line = self._one_line(value, models)
            if spread is False or column + len(line) <= self.look.width:
                return line
        inner = indent + (_unit(models[0]) if models else "" or self.look.unit)
        inner = inner if inner != indent else indent + self.look.unit
        newline = self.look.newline
        rows = opening + newline
        shown = [model for model in models if on_lines(model)]
        trailing = self.trailing(shown[0] if shown else None)
        parts = list(self._parts(value, models))
        if self.look.leading and not inside:
            own_texts = (
                head + self.value(part, inner, near, len(inner) + len(head)) for _, head, part, near in parts
            )
            return rows + inner + self.look.apart(inner).join(own_texts) + newline + indent + closing
        for number, (step, head, part, near) in enumerate(parts):
            own = below(notes, step)
            text = head + self.value(part, inner, near, len(inner) + len(head), own)
            comma = "," if number + 1 < len(parts) or trailing else ""
            rows += inner + self.above(own, inner) + text + comma + self.behind(own) + newline
        last = [f"{inner}{slashed(row)}{newline}" for row in notes.get((), Note()).last]
        return rows + "".join(last) + indent + closing

    def trailing(self, like: JsonNode | None) -> bool:
        """Whether a comma stands behind the last part: as in a collection beside, else as is usual."""
        return self.look.trailing if like is None else "," in tail_of(like)

    def above(self, notes: Notes, indent: str) -> str:
        """The comments above a part, as lines that end where its own line begins."""
        rows = [slashed(row) for row in notes.get((), Note()).above]
        return "".join(f"{row}{self.look.newline}{indent}" for row in rows)

    def behind(self, notes: Notes) -> str:
        """The comment behind a part and its comma."""
        behind = notes.get((), Note()).behind
        return f" {slashed(behind)}" if behind else ""

    def _on_lines(self, value: Json, models: Sequence[JsonNode]) -> bool | None:
        if self.flat:
            return False
        plain = isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)
        seen = {on_lines(model) for model in models}
        if len(seen) == 1:
            return None if plain and self.look.lines and not any(seen) else seen.pop()
        if seen:
            return None
        return (self.look.lists or None) if plain and self.look.lines else self.look.lines

    def _one_line(self, value: Json, models: Sequence[JsonNode]) -> str:
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        model = models[0] if models and not on_lines(models[0]) else None
        pad = pad_of(model) if model is not None else None
        if pad is None:
            pad = self.look.pads[0 if opening == "{" else 1]
        flat = Writer(_flat(self.look), flat=True)
        parts = [head + flat.value(part, "", near) for _, head, part, near in self._parts(value, models)]
        last = tail_of(model) if model is not None else ""
        return opening + pad + f",{self.look.comma}".join(parts) + (last or pad) + closing

    def _parts(
        self, value: Json, models: Sequence[JsonNode]
    ) -> Iterator[tuple[str | int, str, Json, list[JsonNode]]]:
        if isinstance(value, dict):
            for key, part in value.items():
                yield key, self.key(key), part, values_at(models, key)
            return
        items = [
            entry.value
            for model in models
            for entry in model.entries[:MODELS]
            if isinstance(entry.value, JsonNode)
        ]
        for number, part in enumerate(value):
            yield number, "", part, items[:MODELS]

    def key(self, key: str) -> str:
        """A key with its colon."""
        return self.text(key) + self.look.colon

    def key_beside(self, node: JsonNode, key: str) -> str:
        """A key with its colon, as the first of a mapping has it."""
        for member in node.entries[:1]:
            assert member.key is not None
            between = node.source.text[member.key.end : member.value.start]
            if not between.replace(":", "", 1).strip(SPACE) and "\n" not in between:
                return self.text(key) + between
        return self.key(key)

    def scalar(self, value: Json, old: str = "") -> str:
        """A value without parts.

        Args:
            old: the text of what it replaces: a character that is written in some way there is written so again.
        """
        if isinstance(value, str):
            return self.text(value, old)
        if isinstance(value, float):
            return _decimal(value)
        if value is None or isinstance(value, bool | int):
            return json.dumps(value)
        raise SpliceError(f"{type(value).__name__} is no JSON value")

    def text(self, text: str, old: str = "") -> str:
        """A text in quotes."""
        look = self.look
        if not old and _PLAIN.match(text) and (text.isascii() or not look.ascii):
            escaped = any(character in text for character in look.escaped)
            if not escaped:
                return f'"{text}"'
        known = _spelling(old) if old.startswith('"') else {}
        return '"' + "".join(known.get(character) or self._char(character) for character in text) + '"'

    def _char(self, char: str) -> str:
        if char in _SHORT:
            return _SHORT[char]
        if char == "/" and "/" in self.look.escaped:
            return "\\/"
        if char < " " or char in self.look.escaped or (char > "\x7f" and self.look.ascii):
            return self._escape(char)
        if "\ud800" <= char <= "\udfff":
            raise SpliceError("half of a surrogate pair is no character")
        return char

    def _escape(self, char: str) -> str:
        code = ord(char)
        units = [code] if code < 0x10000 else [0xD800 + ((code - 0x10000) >> 10), 0xDC00 + (code & 0x3FF)]
        return "".join(f"\\u{unit:04X}" if self.look.upper else f"\\u{unit:04x}" for unit in units)


_PLAIN = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]*\Z')
"""Texts that are in quotes what they are without, whatever is usual in a file."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")


def _decimal(value: float) -> str:
    """A number as it is written where it comes from, if JSON writes it so; else its digits."""
    if value - value != 0:
        raise SpliceError("a number that is infinite or none is no JSON value")
    source = value.source if isinstance(value, WrittenFloat) else ""
    return source if _NUMBER.match(source) else float_token(value)


def _flat(look: Look) -> Look:
    return Look(
        **{name: getattr(look, name) for name in look.__struct_fields__ if name not in ("lines", "lists")},
        lines=False,
        lists=False,
    )


def _spelling(old: str) -> dict[str, str]:
    """How each character of a text in quotes is written."""
    known: dict[str, str] = {}
    high = ""
    for match in _ESCAPES.finditer(old, 1, len(old) - 1):
        spelled = match[0]
        if high:
            known[json.loads(f'"{high}{spelled}"')] = high + spelled
            high = ""
        elif spelled[:3].lower() in ("\\ud8", "\\ud9", "\\uda", "\\udb") or (
            spelled[:2] == "\\u" and spelled[2:4].lower() in ("d8", "d9", "da", "db")
        ):
            high = spelled
        elif spelled[0] == "\\":
            known[json.loads(f'"{spelled}"')] = spelled
        else:
            known.setdefault(spelled, spelled)
    return known


def on_lines(node: JsonNode) -> bool:
    """Whether the parts of a collection begin on a line of their own."""
    return bool(node.entries) and "\n" in node.source.text[node.start : node.entries[0].start]


def slashed(row: str) -> str:
    """A comment of a fragment as JSONC writes it."""
    return f"//{row.removeprefix('#')}".rstrip(SPACE)


def _unit(model: JsonNode) -> str:
    if not on_lines(model):
        return ""
    outer = model.source.outer(model)
    inner = model.source.indent(model.entries[0].start)
    return inner[len(outer) :] if inner.startswith(outer) else ""


def pad_of(model: JsonNode) -> str | None:
    """What stands inside the brackets of a collection on one line; ``None`` where it is no white space."""
    head = model.source.text[model.start + 1 : model.entries[0].start]
    return head if not head.strip(SPACE) else None


def tail_of(model: JsonNode) -> str:
    """The trailing comma of a collection, with the blanks around it; "" where there is none."""
    text, end = model.source.text, model.entries[-1].value.end
    behind = model.source.skip(end)
    if text[behind : behind + 1] != ",":
        return ""
    tail = text[end : model.end - 1]
    return tail if tail.strip(SPACE) == "," and "\n" not in tail else ","
