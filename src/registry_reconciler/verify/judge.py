"""The opinion of jsonschema on schemas and entries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from registry_reconciler.model.entry import Json

_BASE = "file:///"
_MOST_TEXT = 1_000
_MOST_REPEATS = 2


class SchemaJudge:
    """The schema files of a workspace, as jsonschema sees them."""

    def __init__(self, files: Mapping[str, Json]) -> None:
        from importlib import import_module

        referencing: Any = import_module("referencing")  # made by attrs, which mypy does not see here
        draft: Any = import_module("referencing.jsonschema").DRAFT202012

        self._files = {path: _plain(content) for path, content in files.items()}
        resources = [
            (_BASE + quote(path), referencing.Resource(content, draft))
            for path, content in self._files.items()
        ]
        # What is unevaluated is found by patterns that no care can be taken of.
        files_text = repr(self._files)
        self._beyond_care = "'unevaluatedProperties'" in files_text and "'patternProperties'" in files_text
        self._turns_round = any(f"'{word}'" in files_text for word in ("not", "oneOf", "if"))
        registry: Any = referencing.Registry()
        self._registry = registry.with_resources(resources)
        self._validators: dict[str, Any] = {}

    def schema_fault(self, path: str) -> str:
        """What is wrong with a schema, or ""."""
        from jsonschema import Draft202012Validator, FormatChecker
        from jsonschema.exceptions import SchemaError

        try:
            # Patterns of JSON Schema are not those of Python.
            Draft202012Validator.check_schema(self._files[path], format_checker=FormatChecker(()))
        except SchemaError as error:
            return f"that it is none ({_first_line(error.message)})"
        return ""

    def is_valid(self, path: str, value: Json) -> bool | None:
        """Whether an entry fits; ``None`` where jsonschema has no answer."""
        from jsonschema import Draft202012Validator
        from referencing.exceptions import Unresolvable

        if self._beyond_care:
            return None
        if path not in self._validators:
            whole = {"$ref": _BASE + quote(path)}
            with_care = _careful(Draft202012Validator)
            self._validators[path] = with_care(whole, registry=self._registry)
        _unasked.clear()
        try:
            fits = bool(self._validators[path].is_valid(value))
        except (RecursionError, Unresolvable):
            return None
        # A pattern that was not asked counts as fitting; then only what does not fit all the same is sure.
        return None if _unasked and (fits or self._turns_round) else fits


_unasked: list[str] = []
"""The patterns that were not asked: Python's engine may need for ever for them, or does not know them."""


def _careful(validator: Any) -> Any:
    """The same validator, which asks Python's regular expressions only where they come to an end."""
    from jsonschema import validators

    extend: Any = validators.extend

    def pattern(_: Any, text: str, instance: Json, __: Any) -> Iterator[Any]:
        from jsonschema.exceptions import ValidationError

        if isinstance(instance, str) and not _fits(text, instance):
            yield ValidationError("does not match")

    def pattern_properties(owner: Any, patterns: Any, instance: Json, _: Any) -> Iterator[Any]:
        if isinstance(instance, dict):
            for text, subschema in patterns.items():
                for name, inner in instance.items():
                    if _fits(text, name):
                        yield from owner.descend(inner, subschema, path=name, schema_path=text)

    def additional(owner: Any, subschema: Any, instance: Json, schema: Any) -> Iterator[Any]:
        from jsonschema.exceptions import ValidationError

        if not isinstance(instance, dict):
            return
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        for name, inner in instance.items():
            if name in known or any(_fits(text, name) for text in patterns):
                continue
            if subschema is False:
                yield ValidationError("is not expected")
            elif subschema is not True:
                yield from owner.descend(inner, subschema, path=name)

    return extend(
        validator,
        {"pattern": pattern, "patternProperties": pattern_properties, "additionalProperties": additional},
    )


def _fits(text: str, instance: str) -> bool:
    """Whether a text has what a pattern asks for; a pattern with many repetitions, or of a repetition, is not asked."""
    repeats = len(re.findall(r"[*+]|\{\d+,\}", text))
    if len(instance) <= _MOST_TEXT and repeats <= _MOST_REPEATS and not _HARD.search(text):
        try:
            # In JSON Schema `$` is the very end, and classes are of ASCII.
            return re.search(_for_python(text), instance, re.ASCII) is not None
        except re.error:
            pass
    _unasked.append(text)
    return True


_HARD = re.compile(r"\)[*+{]|\\[PkA-Z1-9]|\(\?")


def _for_python(text: str) -> str:
    """A pattern as Python writes it: its ``$`` is the very end, and it knows classes of Unicode by their ranges."""

    def ranges(match: re.Match[str]) -> str:
        inside = text.count("[", 0, match.start()) > text.count("]", 0, match.start())
        found = _ranges().get(match.group(1))
        if found is None:
            raise re.error("an unknown class")
        return found if inside else f"[{found}]"

    return re.sub(r"\\p\{(\w+)\}", ranges, re.sub(r"(?<!\\)\$$", r"\\Z", text))


@cache
def _ranges() -> dict[str, str]:
    """The characters of each class of Unicode, by its letters."""
    import sys
    from unicodedata import category

    found: dict[str, list[str]] = {}
    start, last = 0, category("\0")
    for code in range(1, sys.maxunicode + 2):
        name = category(chr(code)) if code <= sys.maxunicode else ""
        if name != last:
            piece = f"\\U{start:08x}-\\U{code - 1:08x}"
            found.setdefault(last, []).append(piece)
            found.setdefault(last[0], []).append(piece)
            start, last = code, name
    return {name: "".join(pieces) for name, pieces in found.items()}


def _plain(schema: Json) -> Json:
    """The schema without what is registry's own, and what would move its references or lead to another validator."""
    if not isinstance(schema, dict):
        return schema
    return {name: value for name, value in schema.items() if name not in ("$id", "$schema", "x-registry")}


def _first_line(text: str) -> str:
    line = text.splitlines()[0] if text else ""
    return line if len(line) <= 120 else line[:119] + "…"
