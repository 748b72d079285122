"""What in a file equals a registry today, as outputs: a table, a list, a count, or a part of a structured file.

Only what comes out of a definition byte for byte is proposed: so nothing changes when it is taken over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.errors import UsageFailure
from registry_reconciler.files.names import unsafe
from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.formats.edits import Insert
from registry_reconciler.formats.table import FORMATS, YAML, format_named
from registry_reconciler.model.config import OUTPUTS_PATH, TEMPLATES_FOLDER
from registry_reconciler.model.entry import FieldPath, Json, digest_bytes, same
from registry_reconciler.model.kind import parse_at
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.names import may_own
from registry_reconciler.outputs.owners import claims
from registry_reconciler.outputs.regions import example, find_regions, forms
from registry_reconciler.outputs.texts import NoText, Text, decoded

if TYPE_CHECKING:
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.rules.entry_set import Entry
    from registry_reconciler.workspace import Workspace

_STRUCTURED = tuple(suffix for row in FORMATS.values() if row.several_entries for suffix in row.suffixes)
_COUNTS = re.compile(r"count|total|number|size|num_|_num|amount", re.IGNORECASE)
_MOST = 20


class Span(Struct, frozen=True):
    """Where a region would be in a text: offsets of what it holds; ``inline``: inside one line."""

    start: int
    end: int
    inline: bool


class Proposal(Struct, frozen=True):
    """An output that could be.

    Attributes:
        markers: the lines that its file needs.
        spans: where they go, where that is known.
    """

    title: str
    definition: dict[str, Json]
    template: str = ""
    template_name: str = ""
    markers: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """As the command's JSON has it."""
        return {
            "title": self.title,
            "output": self.definition,
            "template": {"name": self.template_name, "text": self.template} if self.template else None,
            "markers": list(self.markers),
        }


def from_template(planning: Planning, name: str, kind: str, file: str) -> Proposal:
    """A ready one. Raises :class:`UsageFailure`."""
    from registry_reconciler.editing.output_templates import ready

    found = ready(name, planning.loaded.kinds[kind], file)
    path = str(found.definition["file"])
    _require_free(path)
    region = found.definition.get("region")
    return Proposal(
        f"{name} of {kind}",
        found.definition,
        found.template,
        found.name,
        example(path, region) if isinstance(region, str) else (),
    )


def proposals(planning: Planning, file: str, kind: str | None = None) -> list[Proposal]:
    """What in a file equals a registry. Raises :class:`UsageFailure` where it cannot be looked at."""
    _require_free(file)
    try:
        data = planning.loaded.tree.read(file)
    except Unreadable as fault:
        raise UsageFailure(f"{file} cannot be read: {fault}") from fault
    if data is None:
        raise UsageFailure(f"there is no file {file} in this workspace; paths count from its root")
    kinds = {
        name: rows
        for name in planning.loaded.kinds
        if (kind is None or name == kind) and (rows := planning.worlds.after.of(name))
    }
    taken = [one for one in planning.outputs if one.file == file]
    if any(one.whole for one in taken):
        raise UsageFailure(
            f"all of {file} is the output {next(one.id for one in taken if one.whole)} already"
        )
    looked = _Looking(file, kinds, {one.id for one in planning.outputs}, {one.at for one in taken if one.at})
    if file.lower().endswith(_STRUCTURED):
        found = looked.structured(data)
    else:
        try:
            found = looked.text(decoded(data))
        except NoText as fault:
            raise UsageFailure(f"{file} is no text: {fault}") from None
    return [one for one in found if not _is_taken(planning, one)][:_MOST]


def _is_taken(planning: Planning, one: Proposal) -> bool:
    """Whether a registry, or another output, owns the place."""
    place = str(one.definition.get("at", ""))
    output = Output(
        str(one.definition["id"]),
        str(one.definition["file"]),
        str(one.definition.get("region", "")),
        place,
        parse_at(place),
    )
    return bool(claims((*planning.outputs, output), planning.loaded.kinds)[0] & {output.id})


def _require_free(file: str) -> None:
    fault = unsafe(file)
    if fault is not None or not may_own(file):
        raise UsageFailure(f"{file} cannot hold an output: {fault or 'it belongs to registry itself'}")


class Pattern(Struct, frozen=True):
    """A text with at most two fields of an entry in it."""

    parts: tuple[str, ...]
    fields: tuple[str, ...] = ()

    def template(self, entry: str) -> str:
        """As a template writes it; ``entry``: what stands before the name of a field."""
        text = _literal(self.parts[0])
        for field, part in zip(self.fields, self.parts[1:], strict=True):
            text += f"{{{{ {entry}{field} }}}}" + _literal(part)
        return text


def _literal(text: str) -> str:
    return re.sub(r"\{[{%#]", lambda match: "{{ '" + match.group() + "' }}", text)


class _Looking:
    def __init__(
        self, file: str, kinds: Mapping[str, Sequence[Entry]], ids: set[str], places: set[str]
    ) -> None:
        self.file = file
        self.kinds = kinds
        self.ids = ids
        self.places = places
        self.fields = {name: _fields(rows) for name, rows in kinds.items()}

    def _id(self, *words: str) -> str:
        text = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(words)).strip("-").lower() or "output"
        name, number = text, 2
        while name in self.ids:
            name, number = f"{text}-{number}", number + 1
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
                    if value == len(rows) and _COUNTS.search(str(path[-1])) and self._named_so(kind, path):
                        definition: dict[str, Json] = {"id": self._id(stem, at), "file": self.file, "at": at}
                        definition["value"] = f"{{{{ entries.{kind} | length }}}}"
                        yield Proposal(f"{self.file} at {at}: how many of {kind} there are", definition)
                        break
                elif isinstance(value, list | dict) and len(value) == len(rows):
                    item = self._items(kind, rows, value)
                    if item is not None:
                        definition = {"id": self._id(stem, at), "file": self.file, "at": at, "each": kind}
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
        if all(isinstance(one, dict) for one in items):
            found: dict[str, Json] = {}
            names = list(dict.fromkeys(name for one in items for name in one))
            for name in names:
                made = self._value(kind, rows, [one.get(name, _ABSENT) for one in items])
                if made is None:
                    return None
                found[name] = made
            speaks = not top or any(_says_key(made, self._keys(kind, rows)) for made in found.values())
            return found if found and speaks else None
        if top and not all(isinstance(one, str) for one in items):
            return None
        made = self._value(kind, rows, items)
        return made if not top or _says_key(made, self._keys(kind, rows)) else None

    def _keys(self, kind: str, rows: Sequence[Entry]) -> set[str]:
        return {name for name, values in self.fields[kind].items() if values == [row.key for row in rows]}

    def _value(self, kind: str, rows: Sequence[Entry], values: Sequence[Json]) -> Json:
        """A template that gives each of some values; ``None`` where there is none."""
        for name, known in self.fields[kind].items():
            if all(_alike(one, it) for one, it in zip(values, known, strict=True)):
                optional = any(one is _ABSENT for one in values)
                return f"{{{{ {name} | default(omit) }}}}" if optional else f"{{{{ {name} }}}}"
        if any(one is _ABSENT for one in values):
            return None
        if all(isinstance(one, str) for one in values):
            pattern = self._fitted(kind, rows, list(values))
            return None if pattern is None else pattern.template("")
        if all(same(one, values[0]) for one in values) and len(rows) > 1 and not isinstance(values[0], str):
            return values[0]
        return None

    # Texts

    def text(self, text: Text) -> Iterator[Proposal]:
        """Tables, lists and counts that equal a registry."""
        body = text.body
        regions, _ = find_regions(self.file, body)
        owned = [(one.outer_start, one.outer_end) for one in regions.values()]
        for start, end, head, lines, is_row in _blocks(self.file, body):
            if any(start < stop and begin < end for begin, stop in owned):
                continue
            for kind, rows in self.kinds.items():
                pattern = self._fitted(kind, rows, lines) if len(lines) == len(rows) else None
                if pattern is None or not set(pattern.fields) & self._keys(kind, rows):
                    continue
                yield self._listed(kind, pattern, head, (start, end), is_row=is_row)
                owned.append((start, end))
                break
        if forms(self.file)[0][1]:
            yield from self._counted(body, owned)

    def _listed(
        self, kind: str, pattern: Pattern, head: str, where: tuple[int, int], *, is_row: bool
    ) -> Proposal:
        name = self._id(kind, "table" if is_row else "list")
        template = (
            f"{_literal(head)}{{% for e in entries.{kind} %}}\n{pattern.template('e.')}\n{{% endfor %}}\n"
        )
        definition: dict[str, Json] = {"id": name, "file": self.file, "region": name}
        definition["template"] = f"{name}.j2"
        what = "a table" if is_row else "a list"
        return Proposal(
            f"{self.file}: {what} with a line for each {kind}",
            definition,
            template,
            f"{name}.j2",
            example(self.file, name),
            (Span(*where, inline=False),),
        )

    def _counted(self, body: str, owned: Sequence[tuple[int, int]]) -> Iterator[Proposal]:
        for kind, rows in self.kinds.items():
            word = re.escape(kind.replace("_", " ")).replace(r"\ ", "[ _-]")
            spoken = re.compile(
                rf"(?<![\w.,-])({len(rows)})(?![\w.,%-])(?= (?:\w+ ){{0,2}}{word}s?\b)", re.IGNORECASE
            )
            spans = [
                Span(match.start(1), match.end(1), inline=True)
                for match in spoken.finditer(body)
                if not any(begin <= match.start() < stop for begin, stop in owned)
                and not _in_code(self.file, body, match.start())
            ]
            if not spans:
                continue
            name = self._id(kind, "count")
            definition: dict[str, Json] = {"id": name, "file": self.file, "region": name}
            definition["value"] = f"{{{{ entries.{kind} | length }}}}"
            title = f"{self.file}: how many of {kind} there are"
            yield Proposal(title, definition, markers=example(self.file, name), spans=(spans[0],))

    # Fitting

    def _fitted(self, kind: str, rows: Sequence[Entry], lines: Sequence[str]) -> Pattern | None:
        """A pattern that gives each of some texts from its entry."""
        if len(lines) > 1 and all(one == lines[0] for one in lines):
            return Pattern((lines[0],))
        texts = {
            name: [str(value) for value in values]
            for name, values in self.fields[kind].items()
            if all(
                isinstance(value, str | int) and not isinstance(value, bool) and value != ""
                for value in values
            )
        }
        return _fit(list(lines), texts, 6)


def _fit(lines: list[str], texts: Mapping[str, list[str]], depth: int) -> Pattern | None:
    if len(set(lines)) == 1 and not any(one in lines[0] for values in texts.values() for one in values[:1]):
        return Pattern((lines[0],))
    if depth == 0:
        return None
    candidates = []
    for number, (name, values) in enumerate(texts.items()):
        cut = [line.find(value) for line, value in zip(lines, values, strict=True)]
        if -1 in cut:
            continue
        before = {line[:at] for line, at in zip(lines, cut, strict=True)}
        if len(before) == 1:
            # What stands further left comes first; of several there, the longest one.
            candidates.append((cut[0], -sum(map(len, values)), number, name))
    for at, _, _, name in sorted(candidates):
        values = texts[name]
        rest = [line[at + len(value) :] for line, value in zip(lines, values, strict=True)]
        inner = Pattern((rest[0],)) if len(set(rest)) == 1 else _fit(rest, texts, depth - 1)
        if inner is not None:
            return Pattern((lines[0][:at], *inner.parts), (name, *inner.fields))
    return Pattern((lines[0],)) if len(set(lines)) == 1 else None


class _Absent:
    pass


_ABSENT: Json = _Absent()


def _alike(one: Json, other: Json) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one is other
    return same(one, other)


def _fields(rows: Sequence[Entry]) -> dict[str, list[Json]]:
    """The values of every field in each entry, the key first."""
    names = dict.fromkeys(name for row in rows for name in row.value if name.isidentifier())
    found: dict[str, list[Json]] = {"key": [row.key for row in rows]}
    for name in names:
        if name not in ("key", "address", "place", "values"):
            found[name] = [row.value.get(name, _ABSENT) for row in rows]
    return found


def _says_key(made: Json, keys: set[str]) -> bool:
    return isinstance(made, str) and any(f"{{{{ {name} }}}}" in made for name in keys)


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


_ROW = re.compile(r"[ ]{0,3}\|.*\|[ \t]*\Z")
_RULE = re.compile(r"[ ]{0,3}\|?[ \t:|-]*-[ \t:|-]*\|?[ \t]*\Z")
_BULLET = re.compile(r"[ ]{0,3}(?:[-*+]|\d+[.)])[ \t]+\S")


def _blocks(file: str, body: str) -> Iterator[tuple[int, int, str, list[str], bool]]:
    """Tables and lists: where they stand, what stands above their rows, and the rows."""
    lines = body.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    index = 0
    while index < len(lines):
        if _in_code(file, body, starts[index]):
            index += 1
        elif _ROW.match(lines[index]) and index + 1 < len(lines) and _RULE.match(lines[index + 1]):
            end = index + 2
            while end < len(lines) and _ROW.match(lines[end]):
                end += 1
            head = f"{lines[index]}\n{lines[index + 1]}\n"
            yield starts[index], min(starts[end], len(body)), head, lines[index + 2 : end], True
            index = end
        elif _BULLET.match(lines[index]):
            end = index
            while end < len(lines) and _BULLET.match(lines[end]):
                end += 1
            yield starts[index], min(starts[end], len(body)), "", lines[index:end], False
            index = end
        else:
            index += 1


def _in_code(file: str, body: str, offset: int) -> bool:
    if not file.lower().endswith((".md", ".markdown", ".mdx", ".mdc")):
        return False
    fences = re.findall(r"^[ \t]*(?:```|~~~)", body[:offset], re.MULTILINE)
    return len(fences) % 2 == 1


def write_proposals(workspace: Workspace, planning: Planning, found: Sequence[Proposal]) -> list[str]:
    """Write definitions and templates, then the markers: each all or nothing.

    Raises:
        UsageFailure: a template of that name is there already.
        LockHeld, StalePlan, WriteFailure, InterruptedApply: see :func:`registry_reconciler.apply.commit`.
    """
    tree = planning.loaded.tree
    old = tree.read(OUTPUTS_PATH)
    edits = [Insert(0, ("outputs",), one.definition, container_kind="list") for one in found]
    data = (
        YAML.new_text({"outputs": [one.definition for one in found]}) if not old else YAML.splice(old, edits)
    )
    files: dict[str, bytes | None] = {OUTPUTS_PATH: data}
    for one in found:
        if one.template:
            path = f"{TEMPLATES_FOLDER}/{one.template_name}"
            there = tree.read(path)
            if there is not None and there != one.template.encode():
                raise UsageFailure(f"nothing was written: {path} is there already, and is another template")
            files[path] = one.template.encode()
    written = _commit(workspace, planning, files)
    marked = _marked(planning, found)
    return [*written, *(_commit(workspace, planning, marked) if marked else [])]


def _marked(planning: Planning, found: Sequence[Proposal]) -> dict[str, bytes | None]:
    """The files with the markers around what is derived; at their ends where nobody knows better."""
    files: dict[str, bytes | None] = {}
    for path in dict.fromkeys(str(one.definition["file"]) for one in found if one.markers):
        data = planning.loaded.tree.read(path)
        text = decoded(data or b"")
        body = text.body
        mine = [one for one in found if one.markers and one.definition["file"] == path]
        for one in sorted(mine, key=lambda one: one.spans[0].start if one.spans else -1, reverse=True):
            begin, end = one.markers
            if one.spans and one.spans[0].inline:
                at = one.spans[0]
                body = f"{body[: at.start]}{begin}{body[at.start : at.end]}{end}{body[at.end :]}"
            elif one.spans:
                at = one.spans[0]
                inner = body[at.start : at.end]
                inner += "" if inner.endswith("\n") else "\n"
                body = f"{body[: at.start]}{begin}\n{inner}{end}\n{body[at.end :]}"
            elif begin not in body:
                body += ("" if not body or body.endswith("\n") else "\n") + f"{begin}\n{end}\n"
        files[path] = Text(body, text.newline, text.bom).data()
    return files


def _commit(workspace: Workspace, planning: Planning, files: Mapping[str, bytes | None]) -> list[str]:
    from registry_reconciler.apply import FileOp, commit
    from registry_reconciler.apply.writable import Writable

    tree = planning.loaded.tree
    before = {path: tree.read(path) for path in files}
    told = {path: None if data is None else digest_bytes(data) for path, data in before.items()}
    ops = [FileOp(path, told[path], data) for path, data in files.items() if data != before[path]]
    if not ops:
        return []
    with workspace.lock("registry outputs new") as lock:
        receipt = commit(workspace.root, ops, lock=lock, inputs=told, may_write=Writable(workspace.root))
    return sorted({*receipt.written, *receipt.created})
