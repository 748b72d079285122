"""What in a file equals a registry: lists, mappings and numbers of data; tables, lists and counts of texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from registry_reconciler.editing.propose_output.blocks import blocks_of
from registry_reconciler.editing.propose_output.nearly import nearly_items, nearly_lines
from registry_reconciler.editing.propose_output.patterns import (
    ABSENT,
    TextPattern,
    fields_of,
    fitting_pattern,
    is_alike,
    literal,
    says_key,
)
from registry_reconciler.editing.propose_output.proposal import Proposal, RegionSpan
from registry_reconciler.formats.table import format_named
from registry_reconciler.model.entry import FieldPath, Json, same
from registry_reconciler.model.kind import Step, parse_at
from registry_reconciler.outputs.aligned import aligned, unaligned
from registry_reconciler.outputs.regions import example, find_regions, forms, has_comments, without_code
from registry_reconciler.outputs.texts import Text

if TYPE_CHECKING:
    from registry_reconciler.rules.entry_set import Entry

_COUNTS = re.compile(r"count|total|number|size|num_|_num|amount", re.IGNORECASE)


def free_id(text: str, taken: Collection[str]) -> str:
    """An id that no output has."""
    name, number = text, 2
    while name in taken:
        name, number = f"{text}-{number}", number + 1
    return name


class Search:
    """Looks for what of one file equals what of each registry.

    Args:
        spans: what is found already.
        own_places: where kinds have their entries in this file: no registry is derived from itself.
        by_file: the entries are as they stand in files; else they are by key.
    """

    def __init__(
        self,
        file: str,
        kinds: Mapping[str, Sequence[Entry]],
        ids: set[str],
        places: set[str],
        spans: Sequence[RegionSpan] = (),
        own_places: Mapping[str, Sequence[Step]] = MappingProxyType({}),
        *,
        by_file: bool = False,
    ) -> None:
        self.spans = spans
        self.own_places = own_places
        self.by_file = by_file
        self.file = file
        self.kinds = kinds
        self.ids = ids
        self.places = places
        self.fields = {name: fields_of(rows) for name, rows in kinds.items()}

    def _id(self, *words: str) -> str:
        text = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(words)).strip("-").lower() or "output"
        name = free_id(text, self.ids)
        self.ids.add(name)
        return name

    # Structured files

    def structured(self, data: bytes) -> Iterator[Proposal]:
        """Lists, mappings and numbers that equal a registry."""
        read = format_named(self.file).read(data)
        if not read.readable or not read.documents:
            return
        stem = self.file.rpartition("/")[2].split(".")[0]
        for path, value in _walk(read.documents[0]):
            at = _dotted(path)
            if at is None or at in self.places:
                continue
            for kind, rows in self.kinds.items():
                if isinstance(value, int) and not isinstance(value, bool):
                    if self.by_file:
                        break
                    if value == len(rows) and _COUNTS.search(str(path[-1])) and self._named_so(kind, path):
                        definition: dict[str, Json] = {"id": self._id(stem, at), "file": self.file, "at": at}
                        definition["value"] = f"{{{{ entries.{kind} | length }}}}"
                        yield Proposal(f"{self.file} at {at}: how many of {kind} there are", definition)
                        break
                elif self.own_places.get(kind) == parse_at(at):
                    continue
                elif isinstance(value, list | dict) and len(value) == len(rows):
                    item = self._items(kind, rows, value)
                    if item is not None:
                        definition = {"id": self._id(stem, at), "file": self.file, "at": at, "each": kind}
                        definition |= {"order": "file"} if self.by_file else {}
                        definition["item"] = item
                        yield Proposal(f"{self.file} at {at}: one item for each {kind}", definition)
                        break

    def _named_so(self, kind: str, path: FieldPath) -> bool:
        """Of several kinds with as many entries, the one that the name speaks of."""
        alike = [name for name, rows in self.kinds.items() if len(rows) == len(self.kinds[kind])]
        words = "_".join(map(str, path)).lower()
        speaks = [name for name in alike if name.lower() in words or name.lower().split("_")[0] in words]
        return kind == (speaks[0] if speaks else alike[0])

    def _items(self, kind: str, rows: Sequence[Entry], value: Json) -> Json:
        if isinstance(value, dict):
            if list(value) != [row.key for row in rows]:
                return None
            items = list(value.values())
        else:
            items = list(value)
        return self._item(kind, rows, items, top=not isinstance(value, dict))

    def _item(self, kind: str, rows: Sequence[Entry], items: Sequence[Json], *, top: bool) -> Json:
        if all(isinstance(item, dict) for item in items):
            found: dict[str, Json] = {}
            names = list(dict.fromkeys(name for item in items for name in item))
            for name in names:
                made = self._value(kind, rows, [item.get(name, ABSENT) for item in items])
                if made is None:
                    return None
                found[name] = made
            speaks = not top or any(says_key(made, self._keys(kind, rows)) for made in found.values())
            return found if found and speaks else None
        if top and not all(isinstance(item, str) for item in items):
            return None
        made = self._value(kind, rows, items)
        return made if not top or says_key(made, self._keys(kind, rows)) else None

    def _keys(self, kind: str, rows: Sequence[Entry]) -> set[str]:
        """The fields that tell the entries apart: those that are the key, and those of which no two are alike."""
        keys = [row.key for row in rows]
        return {
            name
            for name, values in self.fields[kind].items()
            if values == keys
            or (
                len(rows) > 1
                and all(isinstance(value, str) for value in values)
                and len(set(values)) == len(rows)
            )
        }

    def _value(self, kind: str, rows: Sequence[Entry], values: Sequence[Json]) -> Json:
        """A template that gives each of some values; ``None`` where there is none."""
        for name, known in self.fields[kind].items():
            if all(is_alike(item, it) for item, it in zip(values, known, strict=True)):
                optional = any(value is ABSENT for value in values)
                return f"{{{{ {name} | default(omit) }}}}" if optional else f"{{{{ {name} }}}}"
        if any(value is ABSENT for value in values):
            return None
        if all(isinstance(value, str) for value in values):
            pattern = self._fitted(kind, list(values))
            return None if pattern is None else pattern.template("")
        if (
            all(same(value, values[0]) for value in values)
            and len(rows) > 1
            and not isinstance(values[0], str)
        ):
            return values[0]
        if all(isinstance(value, dict) for value in values):
            return self._item(kind, rows, values, top=False)
        return None

    # Texts

    def text(self, text: Text) -> Iterator[Proposal]:
        """Tables, lists and counts that equal a registry."""
        body, looks = text.body, forms(self.file)
        if not looks:
            return
        regions, _ = find_regions(self.file, body)
        owned = [(region.outer_start, region.outer_end) for region in regions.values()]
        owned += [(span.start, span.end) for span in self.spans]
        sizes = {kind: [row.key for row in rows] for kind, rows in self.kinds.items()}
        for start, end, head, lines, is_row in blocks_of(self.file, body, sizes.values()):
            if any(start < stop and begin < end for begin, stop in owned):
                continue
            padded, head, lines = _without_padding(head, lines, body[start:end], is_row=is_row)
            for kind, rows in self.kinds.items():
                pattern = self._fitted(kind, lines) if len(lines) == len(rows) else None
                if pattern is None or not set(pattern.fields) & self._keys(kind, rows):
                    continue
                whole = not has_comments(self.file)
                if whole and (start, end) != (0, len(body)):
                    continue  # nobody knows how a marker would have to look
                yield self._listed(
                    kind, pattern, head, (start, end), is_row=is_row, whole=whole, padded=padded
                )
                owned.append((start, end))
                break
        if looks[0][1] and not self.by_file:
            yield from self._counted(body, owned)

    def _listed(
        self,
        kind: str,
        pattern: TextPattern,
        head: str,
        where: tuple[int, int],
        *,
        is_row: bool,
        whole: bool,
        padded: bool,
    ) -> Proposal:
        name = self._id(kind, "table" if is_row else "list")
        entries = f"entries.{kind}" + (" | sort(attribute='place.position')" if self.by_file else "")
        template = f"{literal(head)}{{% for e in {entries} %}}\n{pattern.template('e.')}\n{{% endfor %}}\n"
        if padded:
            template = f"{{% filter aligned %}}\n{template}{{% endfilter %}}\n"
        definition: dict[str, Json] = {"id": name, "file": self.file}
        definition |= {} if whole else {"region": name}
        definition["template"] = f"{name}.j2"
        what = "a table" if is_row else "a list"
        return Proposal(
            f"{self.file}: {what} with a line for each {kind}",
            definition,
            template,
            f"{name}.j2",
            () if whole else example(self.file, name),
            () if whole else (RegionSpan(*where, inline=False),),
        )

    def _counted(self, body: str, owned: Sequence[tuple[int, int]]) -> Iterator[Proposal]:
        shown = without_code(self.file, body)
        for kind, rows in self.kinds.items():
            word = re.escape(kind.replace("_", " ")).replace(r"\ ", "[ _-]")
            spoken = re.compile(
                rf"(?<![\w.,-])({len(rows)})(?![\w.,%-])(?=\*{{0,2}} (?:\w+ ){{0,2}}{word}s?\b)",
                re.IGNORECASE,
            )
            spans = [
                RegionSpan(match.start(1), match.end(1), inline=True)
                for match in spoken.finditer(shown)
                if not any(begin <= match.start() < stop for begin, stop in owned)
            ]
            for span in spans:
                name = self._id(kind, "count")
                definition: dict[str, Json] = {"id": name, "file": self.file, "region": name}
                definition["value"] = f"{{{{ entries.{kind} | length }}}}"
                line = body.count("\n", 0, span.start) + 1
                title = f"{self.file}:{line}: how many of {kind} there are"
                yield Proposal(title, definition, markers=example(self.file, name), spans=(span,))

    # What is nearly so

    def nearly_structured(
        self, data: bytes, orders: Mapping[str, Sequence[Sequence[Entry]]]
    ) -> Iterator[str]:
        """The lists and mappings that have most of a registry."""
        read = format_named(self.file).read(data)
        for path, value in _walk(read.documents[0]) if read.readable and read.documents else ():
            at = _dotted(path)
            if at is None or at in self.places:
                continue
            for kind, rows in orders.items():
                sentence = (
                    nearly_items(value, kind, rows) if self.own_places.get(kind) != parse_at(at) else ""
                )
                if sentence:
                    yield f"{self.file} at {at}: {sentence}."
                    break

    def nearly_text(self, text: Text, orders: Mapping[str, Sequence[Sequence[Entry]]]) -> Iterator[str]:
        """The tables and lists that have most of a registry."""
        regions, _ = find_regions(self.file, text.body)
        owned = [(region.outer_start, region.outer_end) for region in regions.values()]
        owned += [(span.start, span.end) for span in self.spans]
        for start, end, head, lines, is_row in blocks_of(self.file, text.body):
            if any(start < stop and begin < end for begin, stop in owned):
                continue
            _, _, lines = _without_padding(head, lines, text.body[start:end], is_row=is_row)
            for kind, rows in orders.items():
                sentence = nearly_lines(lines, kind, rows)
                if sentence:
                    yield f"{self.file}:{text.body.count(chr(10), 0, start) + 1}: {sentence}."
                    break

    # Fitting

    def _fitted(self, kind: str, lines: Sequence[str]) -> TextPattern | None:
        """A pattern that gives each of some texts from its entry."""
        if len(lines) > 1 and all(line == lines[0] for line in lines):
            return TextPattern((lines[0],))
        texts = {
            name: [str(value) for value in values]
            for name, values in self.fields[kind].items()
            if all(
                isinstance(value, str | int) and not isinstance(value, bool) and value != ""
                for value in values
            )
        }
        return fitting_pattern(list(lines), texts, 6)


def _without_padding(head: str, lines: list[str], text: str, *, is_row: bool) -> tuple[bool, str, list[str]]:
    """A table without the blanks that pad its cells, where padding it anew gives just the same."""
    if not is_row or not lines:
        return False, head, lines
    table = "\n".join((*head.splitlines(), *lines))
    plain = unaligned(table)
    if plain == table or aligned(plain) != text.removesuffix("\n"):
        return False, head, lines
    rows = plain.split("\n")
    return True, "".join(f"{row}\n" for row in rows[:2]), rows[2:]


def _walk(value: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Json]]:
    if path:
        yield path, value
    if isinstance(value, dict) and len(path) < 6:
        for name, part in value.items():
            yield from _walk(part, (*path, name))


def _dotted(path: FieldPath) -> str | None:
    words = [str(step) for step in path]
    plain = all(re.fullmatch(r"[^.\[\]{}*\"]+", word) for word in words)
    return ".".join(words) if plain else None
