"""What the validator found, in words: one violation for one thing that is wrong, and how to put it right.

The validator says which keyword failed where; the wording is ours, so that it can name what was probably
meant, leave out what follows from another error, and never show a secret.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from registry_reconciler.base.suggest import closest
from registry_reconciler.model.entry import MISSING, FieldPath, Json, canonical, get_path, show_path
from registry_reconciler.model.marks import MASK, NO_MARKS, Marks
from registry_reconciler.schema.cost import Cost, Insides, Purse
from registry_reconciler.schema.walk import At, Folder

SECRET = MASK
_LONGEST_SHOWN = 60
_MOST_OPTIONS = 12
_MOST_ALTERNATIVES = 500
_PLACES_KEPT = 1_000

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


class Violation(Struct, frozen=True):
    """One thing about a value that its schema forbids.

    Attributes:
        path: the part of the value; for a missing field the mapping that lacks it.
        on_key: the name of the field is meant, not its value.
        message: what is wrong, with the value concerned (secrets masked, long values cut).
        fix: what to do, as a sentence.
        keyword: the keyword of JSON Schema that says so.
        instead: the word that the value may be a slip of, or "".
        field: the name of a field that is missing, or "".
    """

    path: FieldPath
    on_key: bool
    message: str
    fix: str
    keyword: str
    instead: str = ""
    field: str = ""


class Finding(Protocol):
    """What is read of an error of jsonschema_rs."""

    @property
    def instance_path(self) -> list[str | int]:
        """Steps to the part of the value."""

    @property
    def evaluation_path(self) -> list[str | int]:
        """Steps through the schema to the keyword, through references."""

    @property
    def kind(self) -> Json:
        """The keyword (``name``) and its details."""


class View:
    """A schema seen from the values it describes: which schemas speak of the value at a path."""

    def __init__(self, folder: Folder, file: str, marks: Marks = NO_MARKS) -> None:
        self._folder = folder
        self._marks = marks
        self._root = At(file, ())
        self._insides = Insides(folder, {})
        self._places: dict[FieldPath, list[At]] = {}
        self._fields: dict[FieldPath, tuple[str, ...]] = {}
        self.cost = Cost(self._insides, self._root)

    def at(self, path: FieldPath) -> list[Mapping[str, Json]]:
        """All schemas that may speak of the part at ``path``, the most direct first; none is judged."""
        places = self._places_at(path)
        return [schema for place in places if isinstance(schema := self._folder.get(place), Mapping)]

    def _places_at(self, path: FieldPath) -> list[At]:
        """Many errors stand in the same few parts: their places are kept."""
        known = self._places.get(path)
        if known is None:
            if path:
                found = self._expand(self._step(self._places_at(path[:-1]), path[-1]))
            else:
                found = self._expand([self._root])
            if len(self._places) >= _PLACES_KEPT:
                self._places.clear()
            known = self._places[path] = found
        return known

    def _step(self, places: list[At], step: str | int) -> list[At]:
        # Which patterns a name matches is not asked here: for masking, one too many is the safe side.
        return [inner for place in places for inner in self._insides.of(place).at(step)]

    def _expand(self, places: Iterable[At]) -> list[At]:
        found: dict[At, None] = {}
        waiting = deque(places)
        while waiting and len(found) < _MOST_ALTERNATIVES:
            place = waiting.popleft()
            if place not in found:
                found[place] = None
                waiting.extend(self._insides.of(place).same)
        return list(found)

    def description(self, path: FieldPath) -> str:
        """What the schema says of the part at ``path``, or ""."""
        for schema in self.at(path):
            text = schema.get("description")
            if isinstance(text, str) and text.strip():
                return " ".join(text.split())
        return ""

    def fields(self, path: FieldPath) -> tuple[str, ...]:
        """The names of the fields that the mapping at ``path`` may have, in code-point order."""
        known = self._fields.get(path)
        if known is None:
            names: set[str] = set()
            for schema in self.at(path):
                properties = schema.get("properties")
                if isinstance(properties, Mapping):
                    names.update(name for name, inner in properties.items() if inner is not False)
            if len(self._fields) >= _PLACES_KEPT:
                self._fields.clear()
            # The same value each time: what is looked up in it is indexed once.
            known = self._fields[path] = tuple(sorted(names))
        return known

    def takes_own_fields(self, path: FieldPath) -> bool:
        """Whether the mapping at ``path`` takes fields whose names start with ``x-``."""
        return any("^x-" in (schema.get("patternProperties") or {}) for schema in self.at(path))

    def secret(self, path: FieldPath) -> int | None:
        """How many steps of ``path`` lead to a part marked ``x-secret``; ``None`` when nothing on it is."""
        return self._marks.depth(path)

    def hides(self, path: FieldPath, part: Json) -> bool:
        """Whether the part at ``path`` may not be shown, because of what it is or because of its shape."""
        return bool(self._marks) and self._marks.show(path, part) == SECRET


def word(findings: Iterable[Finding], value: Json, view: View, purse: Purse) -> list[Violation]:
    """All violations, by place; of what follows from another error only the other.

    Args:
        purse: what was meant is looked for as long as it has hints.
    """
    writer = _Writer(value, view, purse)
    found = _telling(findings)
    others = {
        tuple(one.instance_path[:length])
        for one in found
        if one.kind.name != "unevaluatedProperties"
        for length in range(len(one.instance_path) + 1)
    }
    violations: dict[Violation, None] = {}
    for one in found:
        path = tuple(one.instance_path)
        follows = one.kind.name == "unevaluatedProperties" and path in others
        for violation in writer.say(one, follows=follows):
            violations[violation] = None
    return sorted(violations, key=lambda one: (_order(one.path), not one.on_key, one.keyword, one.message))


def _telling(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without those about a part whose type is wrong to begin with."""
    found = list(findings)
    wrong = {tuple(one.instance_path) for one in found if one.kind.name == "type"}
    return [one for one in found if one.kind.name == "type" or tuple(one.instance_path) not in wrong]


def _order(path: FieldPath) -> list[tuple[int, int, str]]:
    return [(0, step, "") if isinstance(step, int) else (1, 0, step) for step in path]


class _Writer:
    """Words findings about one value."""

    def __init__(self, value: Json, view: View, purse: Purse) -> None:
        self.value = value
        self.view = view
        self.purse = purse

    def say(self, finding: Finding, *, follows: bool = False) -> Iterator[Violation]:
        path = tuple(finding.instance_path)
        name = finding.kind.name
        if name in ("anyOf", "oneOf"):
            yield from self._alternatives(finding, path)
        elif name in ("additionalProperties", "unevaluatedProperties"):
            known = self.view.fields(path)
            for field in finding.kind.unexpected:
                if not (follows and field in known):
                    yield self._unknown_field(path, field, known, name)
        elif name == "falseSchema":
            yield self._make(path, "falseSchema", f"{_name(path)} may not be here", "Remove it.", on_key=True)
        elif name == "propertyNames":
            yield self._field_name(path, finding)
        else:
            sentence = _SENTENCES.get(name, _other)
            message, fix = sentence(self, path, finding.kind)
            instead = self.near(path, list(finding.kind.options)) if name == "enum" else ""
            field = str(finding.kind.property) if name == "required" else ""
            yield self._make(path, name, message, fix, instead=instead, field=field)

    def _make(
        self,
        path: FieldPath,
        keyword: str,
        message: str,
        fix: str,
        *,
        on_key: bool = False,
        instead: str = "",
        field: str = "",
    ) -> Violation:
        secret = self.view.secret(path)
        if secret is not None and secret < len(path):
            # Even the names inside a secret are part of it.
            path, on_key = path[:secret], False
            message, fix = f"{_name(path)} is not as its schema wants it", self.explain(path, "Correct it.")
            instead = field = ""
        return Violation(path, on_key, message, fix, keyword, instead, field)

    def show(self, path: FieldPath) -> str:
        """A part as a message may show it."""
        part = get_path(self.value, path)
        return SECRET if self.view.hides(path, part) else show_value(part)

    def explain(self, path: FieldPath, sentence: str) -> str:
        """A fix with what the schema says of the field."""
        about = self.view.description(path)
        return f"{sentence} {_last(path)}: {about}" if about and path else sentence

    def near(self, path: FieldPath, options: Sequence[Json]) -> str:
        """Which of the options the value may be a slip of, or ""; nothing about a secret."""
        value = get_path(self.value, path)
        if not isinstance(value, str) or self.view.hides(path, value):
            return ""
        return "".join(self._closest(value, tuple(one for one in options if isinstance(one, str))))

    def _closest(self, word: str, options: Sequence[str]) -> list[str]:
        self.purse.hints -= 1
        return closest(word, options) if self.purse.hints >= 0 else []

    def _has(self, path: FieldPath, field: str) -> bool:
        holder = get_path(self.value, path)
        return isinstance(holder, dict) and field in holder

    def _unknown_field(self, path: FieldPath, field: str, known: Sequence[str], keyword: str) -> Violation:
        shown = _cut(field)
        where = f" of {_name(path)}" if path else ""
        near = self._closest(field, known)
        if near:
            own = ", or start the name with x- if it is your own" if self.view.takes_own_fields(path) else ""
            fix = f"Write '{near[0]}' instead{own}."
            return self._make(
                (*path, field),
                keyword,
                f"'{shown}' is no field{where}. Did you mean '{near[0]}'?",
                fix,
                on_key=True,
                instead="" if self._has(path, near[0]) else near[0],
            )
        fix = f"Remove it. The fields are {_listed(known)}." if known else "Remove it."
        return self._make((*path, field), keyword, f"'{shown}' is no field{where}", fix, on_key=True)

    def _field_name(self, path: FieldPath, finding: Finding) -> Violation:
        inner = finding.kind.error
        field = inner.instance if isinstance(getattr(inner, "instance", None), str) else ""
        pattern = getattr(inner.kind, "pattern", "")
        wanted = f": it must match {pattern}" if pattern else ""
        return self._make(
            (*path, field),
            "propertyNames",
            f"'{_cut(field)}' cannot be the name of a field of {_name(path)}{wanted}",
            self.explain(path, "Rename it."),
            on_key=True,
        )

    def _alternatives(self, finding: Finding, path: FieldPath) -> Iterator[Violation]:
        """Of several forms none fits (or too many do): report the one that was meant, if that can be told."""
        name = finding.kind.name
        branches: list[list[Finding]] = finding.kind.context
        if not branches or any(not branch for branch in branches):
            yield self._make(
                path,
                name,
                f"{_name(path)} fits several of the forms that exclude each other",
                self.explain(path, "Keep the fields of one form only."),
            )
            return
        types = _root_types(branches, path)
        meant = [branch for branch in branches if not _is_root_type(branch, path)]
        if not meant:
            message, fix = _wrong_type(self, path, sorted(types))
            yield self._make(path, "type", message, fix)
            return
        options = _discriminator(meant)
        if options is not None:
            place, words = options
            message, fix = _not_one_of(self, place, words)
            yield self._make(place, "enum", message, fix, instead=self.near(place, words))
            return
        best = min(meant, key=lambda branch: _badness(branch, path))
        for one in _telling(best):
            yield from self.say(one)


def _is_root_type(branch: list[Finding], path: FieldPath) -> bool:
    return any(one.kind.name == "type" and tuple(one.instance_path) == path for one in branch)


def _root_types(branches: list[list[Finding]], path: FieldPath) -> set[str]:
    return {
        name
        for branch in branches
        for one in branch
        if one.kind.name == "type" and tuple(one.instance_path) == path
        for name in one.kind.types
    }


def _fixed_words(finding: Finding) -> list[Json] | None:
    """The words that an ``enum`` or ``const`` wants."""
    if finding.kind.name == "enum":
        return list(finding.kind.options)
    return [finding.kind.expected_value] if finding.kind.name == "const" else None


def _discriminator(branches: list[list[Finding]]) -> tuple[FieldPath, list[Json]] | None:
    """The field whose value fits no form, when all forms want fixed words there."""
    words: dict[str, Json] = {}
    places: set[FieldPath] = set()
    for branch in branches:
        fixed = [
            (tuple(one.instance_path), options)
            for one in branch
            if (options := _fixed_words(one)) is not None
        ]
        if not fixed:
            return None
        place, options = min(fixed, key=lambda pair: len(pair[0]))
        places.add(place)
        for option in options:
            words.setdefault(canonical(option), option)
    return (places.pop(), list(words.values())) if len(places) == 1 else None


def _badness(branch: list[Finding], path: FieldPath) -> tuple[bool, int, int]:
    """Forms whose fixed words fit come first, then those with the fewest errors, then the deepest."""
    misfit = any(_fixed_words(one) is not None and len(one.instance_path) <= len(path) + 1 for one in branch)
    return misfit, len(branch), -max(len(one.instance_path) for one in branch)


def show_value(value: Json) -> str:
    """A value as a message shows it: texts in quotes and cut, containers by what they are."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, str):
        return f"'{_cut(value)}'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_SHOWN:
        return "a very large number"
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _last(path: FieldPath) -> str:
    return show_path(path[-1:]) if path and isinstance(path[-1], str) else show_path(path)


def _name(path: FieldPath) -> str:
    return show_path(tuple(_cut(step) if isinstance(step, str) else step for step in path)) or "it"


def _listed(options: Sequence[Json]) -> str:
    more = len(options) - _MOST_OPTIONS
    few = options[:_MOST_OPTIONS] if more > 1 else options
    shown = ", ".join(one if isinstance(one, str) else show_value(one) for one in few)
    return f"{shown} and {more} more" if more > 1 else shown


def _type_of(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for kind, text in ((str, "text"), (int, "a whole number"), (float, "a number"), (list, "a list")):
        if isinstance(value, kind):
            return text
    return "a mapping"


def _wrong_type(writer: _Writer, path: FieldPath, types: Sequence[str]) -> tuple[str, str]:
    value = get_path(writer.value, path)
    wanted = _types_in_words(types)
    shown = writer.show(path)
    actual = "empty" if value is None else _type_of(value)
    detail = "" if value is None or isinstance(value, list | dict) else f" ({shown})"
    message = f"{_name(path)} is {actual}{detail}, and {wanted} is expected"
    return message, writer.explain(path, _type_fix(value, types, shown))


def _type_fix(value: Json, types: Sequence[str], shown: str) -> str:
    if value is None:
        return "Give it a value, or remove the field."
    if "string" in types and isinstance(value, bool | int | float):
        return "Put it in quotes."
    if "array" in types and not isinstance(value, dict):
        return f"Write it as a list: [{shown.strip(chr(39))}]."
    if (
        "boolean" in types
        and isinstance(value, str)
        and value.lower() in ("yes", "no", "on", "off", "y", "n")
    ):
        return "Write true or false: in YAML 1.2 this is text."
    if isinstance(value, str) and not {"integer", "number", "boolean"}.isdisjoint(types):
        return "Write it without quotes, as a number or true or false."
    return f"Write {_types_in_words(types)}."


def _types_in_words(types: Sequence[str]) -> str:
    named = [name for name in types if name != "null"] or list(types)
    return " or ".join(_TYPES.get(name, name) for name in named)


def _not_one_of(writer: _Writer, path: FieldPath, options: Sequence[Json]) -> tuple[str, str]:
    listed = _listed(options)
    wanted = f"not {listed}" if len(options) == 1 else f"not one of {listed}"
    message = f"{_name(path)} is {writer.show(path)}, {wanted}"
    near = writer.near(path, options)
    if near:
        return f"{message}. Did you mean '{near}'?", writer.explain(path, f"Write '{near}'.")
    return message, writer.explain(path, f"Write {'' if len(options) == 1 else 'one of '}{listed}.")


def _required(writer: _Writer, path: FieldPath, kind: Json) -> tuple[str, str]:
    field = kind.property
    about = writer.view.description((*path, field))
    return f"{_name(path)} needs the field '{_cut(field)}'", f"Add {_cut(field)}" + (
        f": {about}" if about else "."
    )


def _pattern(writer: _Writer, path: FieldPath, kind: Json) -> tuple[str, str]:
    message = f"{_name(path)} is {writer.show(path)}, which does not match {_cut(kind.pattern)}"
    return message, writer.explain(path, "Write it in that form.")


def _unbounded(writer: _Writer, path: FieldPath, kind: Json) -> tuple[str, str]:
    return (
        f"{_name(path)} could not be checked: its pattern takes too many steps on this text",
        "Make the pattern simpler: no nested repetitions, no looking ahead, no references back.",
    )


def _unique_items(writer: _Writer, path: FieldPath, kind: Json) -> tuple[str, str]:
    items = get_path(writer.value, path)
    seen: set[str] = set()
    for index, item in enumerate(items if isinstance(items, list) else []):
        text = canonical(item)
        if text in seen:
            return f"{_name(path)} has {writer.show((*path, index))} more than once", "Keep one of them."
        seen.add(text)
    return f"{_name(path)} has an item more than once", "Keep one of them."


def _size(what: str, *, most: bool) -> Callable[[_Writer, FieldPath, Json], tuple[str, str]]:
    def sentence(writer: _Writer, path: FieldPath, kind: Json) -> tuple[str, str]:
        if kind.limit == 1 and not most:
            return f"{_name(path)} is empty", writer.explain(path, "Fill it, or remove the field.")
        bound = "at most" if most else "at least"
        return (
            f"{_name(path)} must have {bound} {kind.limit} {what}",
            writer.explain(path, f"{'Shorten' if most else 'Extend'} it."),
        )

    return sentence


def _bound(text: str) -> Callable[[_Writer, FieldPath, Json], tuple[str, str]]:
    def sentence(writer: _Writer, path: FieldPath, kind: Json) -> tuple[str, str]:
        limit = kind.multiple_of if kind.name == "multipleOf" else kind.limit
        return (
            f"{_name(path)} is {writer.show(path)}, and must be {text} {limit}",
            writer.explain(path, f"Write a number {text} {limit}."),
        )

    return sentence


def _contains(writer: _Writer, path: FieldPath, kind: Json) -> tuple[str, str]:
    least, most, wanted = 1, None, ""
    for schema in writer.view.at(path):
        if "contains" in schema:
            least, most = schema.get("minContains", 1), schema.get("maxContains")
            wanted = f" that fit {_cut(canonical(schema['contains']))}"
    bounds = f"at least {least}" if most is None else f"{least} to {most}"
    return (
        f"{_name(path)} needs {bounds} item{'s' * (bounds != 'at least 1')}{wanted}",
        writer.explain(path, "Add or remove such items."),
    )


def _other(writer: _Writer, path: FieldPath, kind: Json) -> tuple[str, str]:
    return f"{_name(path)} is not allowed as it is ({kind.name})", writer.explain(path, "Correct it.")


_SENTENCES: dict[str, Callable[[_Writer, FieldPath, Json], tuple[str, str]]] = {
    "type": lambda writer, path, kind: _wrong_type(writer, path, list(kind.types)),
    "enum": lambda writer, path, kind: _not_one_of(writer, path, list(kind.options)),
    "const": lambda writer, path, kind: _not_one_of(writer, path, [kind.expected_value]),
    "required": _required,
    "pattern": lambda writer, path, kind: (
        _pattern(writer, path, kind) if hasattr(kind, "pattern") else _unbounded(writer, path, kind)
    ),
    "uniqueItems": _unique_items,
    "minLength": _size("characters", most=False),
    "maxLength": _size("characters", most=True),
    "minItems": _size("items", most=False),
    "maxItems": _size("items", most=True),
    "minProperties": _size("fields", most=False),
    "maxProperties": _size("fields", most=True),
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "multipleOf": _bound("a multiple of"),
    "contains": _contains,
    "combination": lambda writer, path, kind: (
        f"{_name(path)} fits none of the forms that its schema knows",
        writer.explain(path, "Correct it."),
    ),
}
