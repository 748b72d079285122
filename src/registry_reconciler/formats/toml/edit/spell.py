"""Values as TOML text, in the look of what stands near."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.edits import SpliceError
from registry_reconciler.formats.notes import NO_NOTES, Note, Notes, around, below
from registry_reconciler.formats.toml.edit.words import WIDE, WIDTH, TomlStyle, basic, escape, key_text
from registry_reconciler.formats.toml.read.statements import Value, is_date
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import WrittenFloat, WrittenInt, float_token

_ESCAPED_IN_LINES = re.compile(r'[\x00-\x08\x0b-\x1f\x7f\\\ud800-\udfff]|"(?="")|"\Z')
_NOT_LITERAL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f']")
_NOT_LITERAL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|'''|'\Z")
_SPECIAL = re.compile(r"[+-]?(?:inf|nan)\Z")
_DECIMAL = re.compile(r"[+-]?\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d[\d_]*)?\Z")
_NUMBER = re.compile(
    r"[+-]?(?:0|[1-9]\d*)(?:(?:\.\d+)?(?:[eE][+-]?\d+)?)?\Z|0x[0-9A-Fa-f]+\Z|0o[0-7]+\Z", re.ASCII
)
LOOKS: Mapping[type[Json], tuple[str, ...]] = {
    str: ("string", "date", "float"),
    list: ("array",),
    dict: ("inline",),
}
"""The kinds of text that show how a value is to be written, by its type."""


class Speller(Struct, frozen=True):
    """Writes values of one text."""

    text: str
    look: TomlStyle
    one_line: bool = False

    def on_one_line(self) -> Speller:
        """The same, for what stands inside brackets on one line."""
        return replace(self, one_line=True)

    def key(self, name: str) -> str:
        """One part of a key."""
        return key_text(name, ascii_only=self.look.ascii)

    def value(
        self,
        value: Json,
        model: Value | None = None,
        indent: str = "",
        room: int = WIDTH,
        notes: Notes = NO_NOTES,
    ) -> str:
        """A value in one piece. A ``model`` is what it replaces, or the same field of a neighbour.

        Args:
            notes: comments of its parts: an array that has some has a line for each item.
        """
        if value is None:
            raise SpliceError("TOML has no null; leave the field out, or say something else")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return _number(value)
        if isinstance(value, str):
            return self.string(value, model)
        if isinstance(value, dict):
            return self.inline(value, model, indent)
        return self.array(value, model, indent, room, notes)

    def string(self, text: str, model: Value | None) -> str:
        """A text: with the type and the quotes of the model, where it can have them."""
        kind = model.kind if model is not None else ""
        if kind == "date" and is_date(text):
            return text
        if kind == "float" and (_SPECIAL.match(text) or _beyond(text)):
            return text
        quotes, ascii_only, head = self.look.quotes, self.look.ascii, True
        if model is not None and kind == "string":
            written = self.text[model.start : model.end]
            quotes = written[:3] if written[:3] in ('"""', "'''") else written[0]
            ascii_only = (
                bool(re.search(r"\\[uU][0-9a-fA-F]{4}", written))
                if not written.isascii()
                else (self.look.ascii or bool(re.search(r"\\[uU]0*[1-9a-fA-F]", written)))
            )
            if not written.isascii():
                ascii_only = False
            head = len(quotes) == 1 or written[3:4] in ("\n", "\r")
        if not self.one_line and "\n" in text and (len(quotes) == 3 or _several(text)):
            return self.lines(text, quotes[0], ascii_only, head)
        if quotes[0] == "'" and not _NOT_LITERAL.search(text) and not (ascii_only and not text.isascii()):
            return f"'{text}'"
        return basic(text, ascii_only=ascii_only)

    def lines(self, text: str, quote: str, ascii_only: bool, head: bool) -> str:
        """A text of several lines, written as such."""
        newline = self.look.newline
        first = newline if head or text.startswith("\n") else ""
        if (
            quote == "'"
            and not _NOT_LITERAL_IN_LINES.search(text)
            and not (ascii_only and not text.isascii())
        ):
            return "'''" + first + text.replace("\n", newline) + "'''"
        body = _ESCAPED_IN_LINES.sub(escape, text)
        if ascii_only:
            body = WIDE.sub(escape, body)
        return '"""' + first + body.replace("\n", newline) + '"""'

    def array(
        self, items: Sequence[Json], model: Value | None, indent: str, room: int, notes: Notes = NO_NOTES
    ) -> str:
        """An array on one line, or with a line for each item where the model has it so or it would be too long."""
        if model is not None and model.kind != "array":
            model = None
        models = model.items if model is not None else []
        if not items:
            return "[]"
        spread = model is not None and self.is_spread(model)
        flat = self.on_one_line()
        texts = [flat.value(item, _like(item, models), indent, room=10**9) for item in items]
        line = f"[{self.padding(model)}{', '.join(texts)}{self.padding(model)}]"
        spread = spread or len(line) > room + self.look.wider or (bool(notes) and not self.one_line)
        if not spread:
            return line
        inner = self.inner_indent(model, indent)
        newline = self.look.newline
        rows = ""
        for number, item in enumerate(items):
            own = below(notes, number)
            text = self.value(item, _like(item, models), inner, notes=own)
            above, behind = around(own, item)
            comma = "," if number + 1 < len(items) or self.trailing(model) else ""
            rows += "".join(f"{inner}{row}{newline}" for row in above)
            rows += f"{inner}{text}{comma}{f'  {behind}' if behind else ''}{newline}"
        last = notes.get((), Note()).last
        return "[" + newline + rows + "".join(f"{inner}{row}{newline}" for row in last) + indent + "]"

    def is_spread(self, array: Value) -> bool:
        """Whether the items of an array stand on lines of their own."""
        return bool(array.items) and "\n" in self.text[array.start : array.items[0].start]

    def padding(self, model: Value | None) -> str:
        """What stands inside the brackets of an array on one line."""
        if model is None or not model.items:
            return self.look.array_padding
        between = self.text[model.start + 1 : model.items[0].start]
        return between if not between.strip(" ") else ""

    def trailing(self, model: Value | None) -> bool:
        """Whether an array on several lines has a comma behind its last item."""
        if model is None or not self.is_spread(model):
            return self.look.trailing
        behind = self.text[model.items[-1].end : model.end - 1]
        return behind.lstrip(SPACE).startswith(",")

    def inner_indent(self, model: Value | None, indent: str) -> str:
        """The indentation of the items of an array on several lines."""
        if model is not None and model.items:
            start = model.items[0].start
            row = self.text[self.text.rfind("\n", 0, start) + 1 : start]
            if not row.strip(" \t"):
                return row
        return indent + self.look.step

    def inline(self, value: Mapping[str, Json], model: Value | None, indent: str) -> str:
        """A table in one piece."""
        if not value:
            return "{}"
        models = {}
        if model is not None and model.kind == "inline":
            models = {pair.keys[0].name: pair.value for pair in model.pairs if len(pair.keys) == 1}
        padding, equals = self.look.table_padding, self.look.equals
        if model is not None and model.kind == "inline" and model.pairs:
            first = model.pairs[0]
            padding = self.text[model.start + 1 : first.start]
            equals = self.text[first.keys[-1].end : first.value.start]
        flat = self.on_one_line()
        parts = [
            f"{self.key(name)}{equals}{flat.value(part, models.get(name), indent, room=10**9)}"
            for name, part in value.items()
        ]
        return "{" + padding + ", ".join(parts) + padding + "}"


def _like(item: Json, models: Sequence[Value]) -> Value | None:
    """An item of the same array to look like: one of the same kind."""
    wanted = LOOKS.get(type(item), ())
    return next((model for model in models if model.kind in wanted), None)


def _several(text: str) -> bool:
    """Whether a text is better read as lines: it has one that is not the last alone."""
    return "\n" in text.strip("\n")


def _beyond(text: str) -> bool:
    """Whether a text is a number that JSON cannot hold."""
    if not _DECIMAL.match(text):
        return False
    value = float(text.replace("_", ""))
    return value - value != 0 and ("." in text or "e" in text.lower())


def _number(value: int | float) -> str:
    if isinstance(value, float) and value - value != 0:
        raise SpliceError("a number that is infinite or none is no JSON value")
    source = value.source if isinstance(value, WrittenInt | WrittenFloat) else ""
    if _NUMBER.match(source):
        return source
    return float_token(value) if isinstance(value, float) else int.__repr__(value)
