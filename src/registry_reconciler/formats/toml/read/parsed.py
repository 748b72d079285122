"""TOML to JSON values by the standard library's parser, and what is wrong where it finds something.

What JSON has no word for is its text: dates and times as they are written, ``inf`` and ``nan``. Dates need the
written text, so a file that has one is looked at a second time, by the reader that also finds places.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Sequence
from itertools import chain

from registry_reconciler.formats.faults import ReadingLimits, TextFault, TextFile
from registry_reconciler.formats.nodes import UncomposableText
from registry_reconciler.formats.toml.read.advice import advice, newer
from registry_reconciler.formats.toml.read.statements import (
    MAX_DEPTH,
    TooDeep,
    float_value,
    statements,
)
from registry_reconciler.formats.toml.read.tree import TomlTree, offset_of, to_json
from registry_reconciler.model.entry import FieldPath, Json

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_TWICE = ("Cannot ", "Duplicate inline table key")
_LONG_INTEGER = re.compile(r"(?<![\w.])[+-]?\d[\d_]{400,}+")
_COLLECTIONS = frozenset({dict, list})
_ALSO_TWICE = "a key or table may be said once: give one of the two another name, or make them one"


def parsed(
    text: str, plain: dict[str, Json] | None, warnings: Sequence[TextFault], limits: ReadingLimits
) -> TextFile:
    """The one document of a text, and everything that is wrong with it. Findings are returned, never raised.

    Args:
        plain: what it says, if that was found without the parser.
    """
    try:
        value = _load(text) if plain is None else plain
        _measure(value, limits, text)
        if plain is None and _has_moment(value):
            value = to_json(TomlTree(text).root)
    except _TooDeep as error:
        return TextFile((), (TextFault("TML003", error.message, error.line, error.column, fix=error.fix),))
    except tomllib.TOMLDecodeError as error:
        return TextFile((), (_fault(text, str(error)),))
    except UncomposableText as error:
        return TextFile((), (TextFault("TML001", f"this is not TOML: {error}", 1, 1),))
    return TextFile((value,), tuple(warnings))


class _TooDeep(Exception):
    def __init__(self, message: str, line: int = 1, column: int = 1, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.fix = fix


def _load(text: str) -> dict[str, Json]:
    """What ``tomllib`` says, without the inputs that it does not survive or not in linear time."""
    _refuse_long_keys(text)
    try:
        return tomllib.loads(text, parse_float=float_value)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise _deep(text, _deep_offset(text)) from None
    except ValueError:
        # Dates and floats are checked before they are made; only integers can be too long to be made.
        raise _long_integer(text) from None


def _refuse_long_keys(text: str) -> None:
    """``tomllib`` takes quadratic time for a key of many parts."""
    if text.count(".") <= MAX_DEPTH or all(row.count(".") <= MAX_DEPTH for row in text.split("\n")):
        return
    try:
        statements(text)
    except TooDeep as error:
        raise _deep(text, error.offset) from None
    except UncomposableText:
        return  # tomllib says it better


def _deep(text: str, offset: int) -> _TooDeep:
    line, column = _line_column(text, offset)
    return _TooDeep(f"values nest deeper than {MAX_DEPTH} levels", line, column, "write it with fewer levels")


def _deep_offset(text: str, path: FieldPath = ()) -> int:
    """Where a value stands that is too deep: the first that is by itself, else the one at the path."""
    try:
        return offset_of(TomlTree(text), path, on_key=False)
    except TooDeep as error:
        return error.offset
    except UncomposableText:
        return 0


def _path_down(value: Json, levels: int) -> FieldPath:
    """The path of the first list or mapping that lies so many levels down."""
    waiting: list[tuple[FieldPath, Json]] = [((), value)]
    while waiting:
        path, part = waiting.pop()
        if len(path) == levels:
            return path
        parts = list(part.items() if isinstance(part, dict) else enumerate(part))
        waiting += [((*path, step), held) for step, held in reversed(parts) if isinstance(held, (dict, list))]
    return ()


def _long_integer(text: str) -> _TooDeep:
    found = _LONG_INTEGER.search(text)
    line, column = _line_column(text, found.start() if found else 0)
    return _TooDeep(
        "an integer of too many digits; at most 400 are read", line, column, "write it as a string"
    )


def _place_of(text: str, scalar: str | int) -> tuple[int, int]:
    """Line and column of the first value that says a text or an integer."""
    waiting = [statement.value for statement in reversed(statements(text)) if statement.value is not None]
    while waiting:
        value = waiting.pop()
        if isinstance(value.plain, type(scalar)) and value.plain == scalar:
            return _line_column(text, value.start)
        waiting += [*reversed(value.items), *(pair.value for pair in reversed(value.pairs))]
    return 1, 1


def _too_many(value: Json, limits: ReadingLimits, text: str) -> _TooDeep:
    """Said where the part begins that holds the most: to count up to the one too many takes half a minute."""
    parts = value if isinstance(value, dict) else {}
    name = max(parts, key=lambda name: _count(parts[name]))
    key = re.search(
        rf"""^[ \t]*(?:\[\[?[ \t]*)?((["']?){re.escape(name)}\2)[ \t]*[.=\]]""", text, re.MULTILINE
    )
    place = _line_column(text, key.start(1)) if key else (1, 1)
    message = f"more than {limits.max_nodes:,} values, most of them in {name[:80]!r}"
    return _TooDeep(message, *place, fix="split the file")


def _count(value: Json) -> int:
    """How many values there are in one, itself included."""
    count, waiting = 1, [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (dict, list)):
            count += len(part)
            parts = part.values() if isinstance(part, dict) else part
            waiting += [held for held in parts if isinstance(held, (dict, list))]
    return count


def _measure(value: Json, limits: ReadingLimits, text: str) -> None:
    """Refuse what is too deep or too much, without recursion."""
    level, depth, count = [value], 0, 0
    biggest = 10**limits.max_int_digits
    while level:
        depth += 1
        if depth > limits.max_depth:
            place = _line_column(text, _deep_offset(text, _path_down(value, depth - 1)))
            raise _TooDeep(
                f"values nest deeper than {limits.max_depth} levels", *place, fix="write it with fewer levels"
            )
        parts = list(chain.from_iterable(part.values() if isinstance(part, dict) else part for part in level))
        count += len(parts)
        kinds = set(map(type, parts))
        are_alike = kinds <= _COLLECTIONS or (kinds == {str} and max(map(len, parts)) <= limits.max_scalar)
        if not are_alike:
            for item in parts:
                if isinstance(item, str) and len(item) > limits.max_scalar:
                    raise _TooDeep(
                        f"a text of {len(item)} characters; at most {limits.max_scalar} are read",
                        *_place_of(text, item),
                        fix="keep it in a file of its own",
                    )
                if type(item) is int and not -biggest < item < biggest:
                    raise _TooDeep(
                        f"an integer of more than {limits.max_int_digits} digits",
                        *_place_of(text, item),
                        fix="write it as a string",
                    )
        if count > limits.max_nodes:
            raise _too_many(value, limits, text)
        level = [part for part in parts if isinstance(part, (dict, list))] if kinds != {str} else []


def _has_moment(value: Json) -> bool:
    waiting: list[Json] = [value]
    while waiting:
        part = waiting.pop()
        for item in part.values() if isinstance(part, dict) else part:
            if isinstance(item, (dict, list)):
                waiting.append(item)
            elif isinstance(item, (datetime.date, datetime.time)):
                return True
    return False


def _line_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _fault(text: str, message: str) -> TextFault:
    """What ``tomllib`` found, with its place."""
    place = _PLACE.search(message)
    reason = message[: place.start()] if place else message
    if place and place.group(1):
        line, column = int(place.group(1)), int(place.group(2))
    else:
        # Of what single quotes open and nothing closes, the last ones in the text are the opening ones.
        quote = reason.removeprefix('Expected "').removesuffix('"')
        line, column = _line_column(text, text.rfind(quote) if quote in ("'", "'''") else len(text))
    if not reason.startswith(_TWICE):
        row = text.split("\n")[line - 1]
        advised = newer(reason, row, column) or advice(reason, row[column - 1 : column])
        return TextFault("TML001", f"this is not TOML: {advised.message}", line, column, fix=advised.fix)
    first = _first_of(text, line)
    name = f"{first[1]} " if first else "a key or table "
    return TextFault(
        "TML002",
        f"{name}is said twice; TOML allows it once",
        line,
        column,
        fix=_ALSO_TWICE,
        related_line=first[0] if first else 0,
    )


def _first_of(text: str, line: int) -> tuple[int, str] | None:
    """Where what stands on a line was said before, and its name."""
    try:
        found = statements(text)
    except UncomposableText:
        return None
    seen: dict[tuple[str, ...], int] = {}
    items: dict[tuple[str, ...], int] = {}
    header: tuple[str, ...] = ()
    table: tuple[str, ...] = ()
    plain: dict[tuple[str, ...], tuple[int, str]] = {}
    number = at = 0
    for statement in found:
        number += text.count("\n", at, statement.start)
        at = statement.start
        statement_name = tuple(key.name for key in statement.keys)
        if statement.kind == "item":
            items[statement_name] = items.get(statement_name, 0) + 1
        pair = statement.kind == "pair"
        own = header + statement_name if pair else _numbered(statement_name, items)
        name = table + statement_name if pair else statement_name
        if not pair:
            header, table = own, statement_name
        if number + 1 <= line <= number + 1 + text.count("\n", statement.start, statement.end):
            before = seen.get(own)
            return _clash(name, plain) if before is None else (before, ".".join(statement_name))
        seen.setdefault(own, number + 1)
        plain.setdefault(name, (number + 1, statement.kind))
    return None


def _clash(
    name: tuple[str, ...], definitions: dict[tuple[str, ...], tuple[int, str]]
) -> tuple[int, str] | None:
    """What was said before as something else: a value of which parts come, or parts of what comes as a whole."""
    for before, (line, kind) in definitions.items():
        shared = min(len(before), len(name))
        if before[:shared] == name[:shared] and (kind == "pair" or len(before) >= len(name)):
            return line, ".".join(name[:shared])
    return None


def _numbered(name: tuple[str, ...], items: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    """A header's name with the number of each item of an array of tables that it lies in."""
    found: list[str] = []
    for size, part in enumerate(name, 1):
        found.append(part)
        if name[:size] in items:
            found.append(f"[{items[name[:size]]}]")
    return tuple(found)
