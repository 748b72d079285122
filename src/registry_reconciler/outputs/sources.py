"""What templates read: entries by kind, and templates; and what is remembered of that: nothing is rendered twice.

What an output read is told by the process that rendered it. As long as its definition, those templates and those kinds
are what they were, and its place holds what came out then, it is not rendered again. That is kept in the user's cache
directory, and only the time depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from msgspec.structs import replace

from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.loading.registries import order_in_files
from registry_reconciler.model.config import CONFIG_PATH
from registry_reconciler.model.entry import Json, canonical, digest_bytes
from registry_reconciler.outputs.beside import Began, Beside, prepared, template_text
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.fields import Rows
from registry_reconciler.outputs.plain import PlainContext, is_plain, plain
from registry_reconciler.outputs.regions import without
from registry_reconciler.outputs.texts import text_digest

if TYPE_CHECKING:
    from registry_reconciler.base.child import Child
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.change import Change
    from registry_reconciler.model.marks import Marks, MarkState
    from registry_reconciler.outputs.beside import ReadyProcess
    from registry_reconciler.outputs.render import RenderInput
    from registry_reconciler.outputs.rendered import Rendered
    from registry_reconciler.outputs.targets import DesiredContent, Part
    from registry_reconciler.rules.entry_set import Entry, EntrySet

_T = TypeVar("_T")
_DEEPEST_SECRET = 6
_NAMED_KIND = re.compile(r"\bentries\.(\w+)")


class Records(Protocol):
    """What is remembered of outputs between runs, by id; the answer of a plan does not depend on it."""

    def load(self) -> Mapping[str, Json]:
        """All records."""

    def save(self, records: Mapping[str, Json]) -> None:
        """Keep these records, and the others as they are."""


class Sources:
    """Everything that the outputs of one plan are made from."""

    def __init__(
        self,
        loaded: Loaded,
        entry_set: EntrySet,
        changes: Sequence[Change],
        tree: Tree,
        records: Records | None,
        regions: Mapping[str, Collection[str]],
    ) -> None:
        """``regions``: by file, the regions that outputs own."""
        self.tree = tree
        self.loaded = loaded
        self.entry_set = entry_set
        self.changes = changes
        self.regions = regions
        self.records = None if any(kind.secrets for kind in loaded.kinds.values()) else records
        self.texts: dict[str, str | None] = {}
        self.read: dict[str, tuple[str, ...]] = {}
        self.begun: Beside | None = None
        self._known_rows: dict[str, list[Json]] = {}

    # What can be read

    def _rows(self, kind: str) -> list[Json]:
        """The entries of a kind, by key: key, address, the file that it is in, values."""
        if kind not in self._known_rows:
            self._known_rows[kind] = self._made_rows(kind)
        return self._known_rows[kind]

    def _made_rows(self, kind: str) -> list[Json]:
        known = self.loaded.kinds.get(kind)
        rows = self._columns(kind)
        values = (
            [known.secrets.mask(dict(value)) for value in rows.values]
            if known is not None and known.secrets
            else rows.values
        )
        return list(zip(rows.own("key"), rows.own("address"), rows.own("place"), values, strict=True))

    def _columns(self, kind: str) -> Rows:
        """The same by columns, secrets among it."""
        entries = self._entries(kind)
        known = self.loaded.kinds.get(kind)
        values = [item.value for item in entries]
        if known is not None and known.body:
            places = self._places(entries)
            values = [self._without_outputs(known.body, *both) for both in zip(places, values, strict=True)]
        return Rows(
            values,
            {
                "key": lambda: [item.key for item in entries],
                "address": lambda: [item.address for item in entries],
                "place": lambda: self._places(entries),
            },
        )

    def _places(self, entries: Sequence[Entry]) -> list[str]:
        """The file that each entry will be in."""
        files = {change.address: change.file for change in self.changes}
        return [
            files.get(item.address) or (item.live_place.file if item.live_place else item.place.file)
            for item in entries
        ]

    def _without_outputs(self, body: str, path: str, values: Mapping[str, Json]) -> Mapping[str, Json]:
        """The values of an entry without what outputs own of the text below it: an output that reads itself would
        never be right.
        """
        text = values.get(body)
        if not isinstance(text, str) or path not in self.regions:
            return values
        return {**values, body: without(path, text, self.regions[path])}

    def _order(self, kind: str) -> list[str]:
        """The addresses of a kind as they will stand in its files."""
        kinds = self.loaded.kinds
        return order_in_files(self.tree, kinds[kind], kinds, self.loaded.reader) if kind in kinds else []

    def _entries(self, kind: str) -> Sequence[Entry]:
        """The entries of a kind, by key; those too that a plan of a part did not need until now."""
        elsewhere = self.entry_set.rest.elsewhere
        entries = self.entry_set.of(kind)
        if elsewhere is None:
            return entries
        return sorted((*entries, *elsewhere.of(kind)), key=lambda entry: entry.address)

    def _template(self, name: str) -> str | None:
        """The text of a template; ``None`` where there is none, or where it lies elsewhere."""
        if name not in self.texts:
            self.texts[name] = template_text(self.loaded.tree, name)
        return self.texts[name]

    def needs_process(self, output: Output) -> bool:
        """Whether an output is rendered by the process that renders, as far as its definition tells."""
        return not is_plain(output.spec, self._plain)

    def start(self, outputs: Sequence[Output], parts: Mapping[str, Part], ready: ReadyProcess | None) -> None:
        """Begin to render those that may not be what they should be, beside what is done meanwhile.

        Args:
            ready: has the process already, if somebody was certain before that there would be something to render.
        """
        unchanged = self.unchanged(outputs, parts)
        changed = [output for output in outputs if output.id not in unchanged]
        if changed:
            work = self._work(changed)
            ids = frozenset(output.id for output in changed)
            self.begun = Beside(ids, work, ready.take() if ready is not None else None)
            self.begun.start()

    def _work(self, outputs: Sequence[Output]) -> Callable[[Began, Child | None], dict[str, Rendered]]:
        """The talk about some outputs, with what they are sure to ask for made ready."""
        texts = {str(output.spec["template"]) for output in outputs if "template" in output.spec}
        templates = {name: self._template(name) for name in texts}
        rows = {kind: self._rows(kind) for kind in sorted(self._kinds_named(outputs, templates))}

        def in_turn(question: Callable[[], _T]) -> _T:
            assert self.begun is not None
            return self.begun.in_turn(question)

        source = replace(
            self._source(),
            entries=lambda kind: prepared(rows, kind, lambda: in_turn(lambda: self._rows(kind))),
            template=lambda name: prepared(templates, name, lambda: in_turn(lambda: self._template(name))),
            order=lambda kind: in_turn(lambda: self._order(kind)),
        )
        return lambda began, child: self._rendered(outputs, source, began, child)

    def _kinds_named(self, outputs: Sequence[Output], templates: Mapping[str, str | None]) -> set[str]:
        """The kinds of which outputs read the entries, as far as one look at their texts tells."""
        texts = [canonical(dict(output.spec)) for output in outputs]
        named = set(_NAMED_KIND.findall("\n".join([*texts, *(text or "" for text in templates.values())])))
        each = {str(output.spec["each"]) for output in outputs if "each" in output.spec}
        return (named | each) & self.loaded.kinds.keys()

    def stop(self) -> None:
        """End what was begun: somebody interrupts the command."""
        if self.begun is not None:
            self.begun.stop()

    def render(self, outputs: Sequence[Output]) -> dict[str, Rendered]:
        """Render some outputs, or wait for them. Raises :class:`.render.RenderFailure`."""
        begun = self.begun.ids if self.begun is not None else frozenset()
        found = {
            output.id: rendered
            for output in outputs
            if output.id not in begun and (rendered := plain(output.spec, self._plain)) is not None
        }
        if self.begun is not None:
            found |= self.begun.answer()
        left = [output for output in outputs if output.id not in found]
        if left:
            found |= self._rendered(left, self._source())
        for output in outputs:
            self.read[output.id] = found[output.id].templates
        return found

    def _rendered(
        self,
        outputs: Sequence[Output],
        source: RenderInput,
        began: Callable[[Child], None] = lambda _child: None,
        child: Child | None = None,
    ) -> dict[str, Rendered]:
        from registry_reconciler.outputs.render import render

        return render([{"id": output.id, **output.spec} for output in outputs], source, began, child)

    def _source(self) -> RenderInput:
        from registry_reconciler.outputs.render import RenderInput

        kinds = self.loaded.kinds
        return RenderInput(
            kinds=[*kinds, *sorted(self.loaded.catalog.broken - kinds.keys())],
            fields={name: _fields(kind.schema) for name, kind in kinds.items()},
            secrets={
                name: sorted(_secret_paths(kind.secrets)) for name, kind in kinds.items() if kind.secrets
            },
            entries=self._rows,
            template=self._template,
            order=self._order,
        )

    def hidden_among(self, kinds: Iterable[str]) -> list[str]:
        """The kinds of which not all entries can be read."""
        return [kind for kind in kinds if self._is_hidden(kind)]

    def _is_hidden(self, kind: str) -> bool:
        entry_set = self.entry_set
        if kind in entry_set.hidden_kinds or kind in self.loaded.catalog.broken or entry_set.hidden_all:
            return True
        if any(address.startswith(f"{kind}/") for address in entry_set.hidden_addresses):
            return True
        return f"{kind}:" in entry_set.hidden_text

    def digest(self, output: Output) -> str:
        """Of the definition of an output and of every template that it read."""
        key_parts = [
            output.definition,
            *(self._about_template(name) for name in sorted(self.read.get(output.id, ()))),
        ]
        return digest_bytes("\n".join(key_parts).encode())

    def _about_template(self, name: str) -> str:
        text = self._template(name)
        return f"{name} {'-' if text is None else digest_bytes(text.encode('utf-8', 'surrogatepass'))}"

    # What need not be rendered

    def unchanged(self, outputs: Sequence[Output], parts: Mapping[str, Part]) -> frozenset[str]:
        """The outputs that are what they were made of, and whose place holds what came out."""
        if not outputs or self.records is None:
            return frozenset()
        records = self.records.load()
        found = set()
        for output in outputs:
            record = records.get(output.id)
            if not isinstance(record, dict):
                continue
            kinds, templates = record.get("kinds", []), record.get("templates", [])
            text = parts[output.id].text
            if text is None or self.hidden_among(kinds):
                continue
            self.read[output.id] = tuple(templates)
            if self._reads_the_same(output, record) and record.get("text") == text_digest(text):
                found.add(output.id)
        return frozenset(found)

    def _reads_the_same(self, output: Output, record: Json) -> bool:
        """Whether an output would be made of just what it was made of."""
        if not isinstance(record, dict):
            return False
        return bool(
            record.get("key") == self._key(output, record.get("kinds", []), record.get("templates", []))
        )

    def untouched(self, output: Output, data: bytes | None, memory: Sequence[str]) -> bool:
        """Whether an output was right, and neither what it is made of nor its file nor what is remembered changed.

        Args:
            memory: the files in which it is remembered.
        """
        record = self.records.load().get(output.id) if self.records is not None and data is not None else None
        if (
            not isinstance(record, dict)
            or data is None
            or record.get("file") != self._file_digest(output, data)
        ):
            return False
        kinds, templates = record.get("kinds", []), record.get("templates", [])
        if record.get("memory") != self._with_digests(memory) or self.hidden_among(kinds):
            return False
        self.read[output.id] = tuple(templates)
        return self._reads_the_same(output, record)

    def _file_digest(self, output: Output, data: bytes) -> str:
        return self.loaded.recorder.digest_of(output.file, data)

    def was_settled(self, output: Output, text: str, memory: Sequence[str]) -> bool:
        """Whether an output was right with this text, and what is remembered of it did not change since."""
        record = self.records.load().get(output.id) if self.records is not None else None
        if not isinstance(record, dict) or record.get("memory") != self._with_digests(memory):
            return False
        return bool(record.get("text") == text_digest(text))

    def _with_digests(self, paths: Sequence[str]) -> list[list[str | None]]:
        return [[path, self.loaded.tree.inputs.get(path)] for path in paths]

    def keep_right(self, found: Iterable[tuple[Output, bytes | None, Sequence[str]]]) -> None:
        """Remember the files of outputs that are right."""
        if self.records is None:
            return
        known = self.records.load()
        kept = {
            output.id: {
                **known[output.id],
                "file": self._file_digest(output, data),
                "memory": self._with_digests(memory),
            }
            for output, data, memory in found
            if data is not None and isinstance(known.get(output.id), dict)
        }
        if kept:
            self.records.save(kept)

    def keep(
        self,
        outputs: Sequence[Output],
        rendered: Mapping[str, Rendered],
        all_desired: Mapping[str, DesiredContent],
    ) -> None:
        """Remember what was read for those that were rendered."""
        if self.records is None or not outputs:
            return
        records = {
            output.id: {
                "kinds": list(rendered[output.id].kinds),
                "templates": list(rendered[output.id].templates),
                "key": self._key(output, rendered[output.id].kinds, rendered[output.id].templates),
                "text": all_desired[output.id].digest,
            }
            for output in outputs
            if output.id in all_desired
        }
        self.records.save(records)

    def _key(self, output: Output, kinds: Iterable[str], templates: Iterable[str]) -> str:
        key_parts = [output.definition, self._program]
        key_parts += [self._about_template(name) for name in sorted(templates)]
        key_parts += [self._kind_key(kind) for kind in sorted(kinds)]
        return digest_bytes("\n".join(key_parts).encode("utf-8", "surrogatepass"))

    def _kind_key(self, kind: str) -> str:
        """What the projected entries of a kind follow from: its schema, and its files as they would be."""
        if kind not in self._kind_keys:
            known = self.loaded.kinds.get(kind)
            schema = self.loaded.tree.inputs.get(known.schema_path) if known is not None else None
            key_parts = [kind, schema, *self._projected(kind)]
            self._kind_keys[kind] = digest_bytes(canonical(key_parts).encode("utf-8", "surrogatepass"))
        return self._kind_keys[kind]

    def _projected(self, kind: str) -> tuple[Json, Json]:
        """The files of a kind with their digests after the plan, so that its apply changes nothing here; and changes
        of entries that no file shows.
        """
        inputs = self.loaded.tree.inputs
        files = {path: inputs.get(path) for path in self.loaded.live.files_of.get(kind, ())}
        changes = [change for change in self.changes if change.kind == kind]
        for path in {
            path for change in changes for path in (change.file, change.live and change.live.file) if path
        }:
            try:
                data = self.tree.read(path)
            except UnreadablePath:
                data = None
            files[path] = None if data is None else digest_bytes(data)
        shown = {path for path, digest in files.items() if digest != inputs.get(path)}
        hidden = [
            [change.address, change.action.value, change.file, change.from_address, change.after]
            for change in changes
            if change.writes and change.file not in shown
        ]
        return [[path, digest] for path, digest in sorted(files.items()) if digest is not None], hidden

    @cached_property
    def _plain(self) -> PlainContext:
        kinds = frozenset(name for name, kind in self.loaded.kinds.items() if not kind.secrets)
        return PlainContext(kinds, self._columns, self._template)

    @cached_property
    def _kind_keys(self) -> dict[str, str]:
        return {}

    @cached_property
    def _program(self) -> str:
        """This program: with another one, everything may come out differently."""
        from registry_reconciler.version import __version__

        folder = Path(__file__).parent
        times = [f"{path.name} {path.stat().st_mtime_ns}" for path in sorted(folder.glob("*.py"))]
        return "\n".join([__version__, str(self.loaded.tree.inputs.get(CONFIG_PATH)), *times])


def _fields(schema: Mapping[str, Json]) -> list[str]:
    """The fields that a schema names at its top."""
    properties = schema.get("properties")
    return [name for name in properties if isinstance(name, str)] if isinstance(properties, dict) else []


def _secret_paths(marks: Marks) -> Iterator[str]:
    yield from _below(marks, marks.start, (), 0)


def _below(marks: Marks, state: MarkState, path: tuple[str, ...], depth: int) -> Iterator[str]:
    if not state.leads or depth > _DEEPEST_SECRET:
        return
    if state.secret:
        yield ".".join(path)
        return
    for name in sorted(state.known):
        yield from _below(marks, marks.field(state, name), (*path, name), depth + 1)
    if state.items:
        yield from _below(marks, marks.item(state), path, depth + 1)
