"""Fields that say keys of other entries in another way than as a value of their own.

A reference may be the key of a mapping (``needs: {core: ">=1"}``), one word of several in a text (``needs: core net``),
or be told by several fields (``{plugin: judge, skill: run}``). What asks for the references of an entry asks a
selector; these are selectors that find such keys, with the path of the value that says each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from registry_reconciler.model.entry import FieldPath, Json, get_path, replace_part
from registry_reconciler.model.fields import Selector

KEY_JOINER = "/"
_BETWEEN = {"blanks": re.compile(r"\s+"), "commas": re.compile(r"\s*,\s*")}


class KeysOf(Selector, frozen=True):
    """The keys of the mappings that a field selects."""

    @property
    def derived(self) -> bool:
        """What is found is no value."""
        return True

    def find(self, value: Json) -> Iterator[tuple[FieldPath, Json]]:
        """Every key, with the path of what stands under it."""
        for path, found in Selector(self.text, self.steps).find(value):
            if isinstance(found, dict):
                yield from (((*path, name), name) for name in found)

    def put(self, value: Json, path: FieldPath, old: str, new: Json) -> Json:
        """The value with another key in its place."""
        there: Json = get_path(value, path[:-1])
        return replace_part(
            value, path[:-1], {new if name == old else name: part for name, part in there.items()}
        )


class WordsOf(Selector, frozen=True):
    """The words of the texts that a field selects."""

    between: Literal["blanks", "commas"]

    @property
    def derived(self) -> bool:
        """What is found is a part of a value."""
        return True

    def find(self, value: Json) -> Iterator[tuple[FieldPath, Json]]:
        """Every word, with the path of the text."""
        for path, found in Selector(self.text, self.steps).find(value):
            if isinstance(found, str):
                words = _BETWEEN[self.between].split(found.strip())
                yield from ((path, word) for word in words if word)

    def put(self, value: Json, path: FieldPath, old: str, new: Json) -> Json:
        """The value with another word in its place; what stands between words stays."""
        edge = r"[^\s]" if self.between == "blanks" else r"[^\s,]"
        pattern = re.compile(rf"(?<!{edge}){re.escape(old)}(?!{edge})")
        text: Json = get_path(value, path)
        return replace_part(value, path, pattern.sub(lambda _: str(new), text))


class JoinedFields(Selector, frozen=True):
    """Several fields of one mapping, joined as keys of several fields are."""

    names: tuple[str, ...]

    @classmethod
    def of_fields(cls, fields: Sequence[Selector]) -> JoinedFields:
        """The selector of fields that lie in one mapping. Raises :class:`ValueError` where they do not."""
        holders = {field.steps[:-1] for field in fields}
        names = tuple(str(field.steps[-1]) for field in fields)
        if len(holders) > 1 or any(field.steps[-1] is None for field in fields):
            raise ValueError("the fields that tell an entry together must lie in one mapping")
        return cls(", ".join(field.text for field in fields), holders.pop(), names)

    @property
    def derived(self) -> bool:
        """What is found is told by several values."""
        return True

    @property
    def parts(self) -> tuple[Selector, ...]:
        """Each of the fields."""
        return tuple(Selector.of((*self.steps, name)) for name in self.names)

    def find(self, value: Json) -> Iterator[tuple[FieldPath, Json]]:
        """Every key, with the path of the last field that tells it."""
        holders = Selector(self.text, self.steps).find(value) if self.steps else [((), value)]
        for path, holder in holders:
            parts = [holder.get(name) for name in self.names] if isinstance(holder, dict) else [None]
            if all(
                isinstance(part, str | int) and not isinstance(part, bool) and part != "" for part in parts
            ):
                yield (*path, self.names[-1]), KEY_JOINER.join(map(str, parts))

    def put(self, value: Json, path: FieldPath, _old: str, new: Json) -> Json:
        """The value with the fields of another key; as it is where that has more or fewer parts."""
        parts = str(new).split(KEY_JOINER, len(self.names) - 1)
        if len(parts) != len(self.names):
            return value
        for name, part in zip(self.names, parts, strict=True):
            there = get_path(value, (*path[:-1], name))
            if str(there) != part:
                value = replace_part(value, (*path[:-1], name), part)
        return value
