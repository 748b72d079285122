"""The stage that makes outputs: definitions, projected entries and files as they are → what is written anew.

An output is *stale* where it is not what is rendered now, and what stands there was rendered before. It is *edited*
where neither is so: then it is left. Nothing is rendered of which what was read last time is unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.globs import Patterns
from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.model.entry import Location, Place, digest_bytes
from registry_reconciler.model.output import PREFIX, OutputAction, OutputChange
from registry_reconciler.model.plan import FileChange
from registry_reconciler.model.problem import Problem, Severity
from registry_reconciler.model.structural import problem
from registry_reconciler.outputs import memory as remembered
from registry_reconciler.outputs.definitions import Definitions, Output, load_definitions
from registry_reconciler.outputs.memory import Memory, load_memory
from registry_reconciler.outputs.names import template_path
from registry_reconciler.outputs.owners import claims, regions_in_registries
from registry_reconciler.outputs.shipped import GENERATED, SHIPPED, page_text, present
from registry_reconciler.outputs.sources import Sources
from registry_reconciler.outputs.targets import FileWork, NoPlace, Part, Wish
from registry_reconciler.outputs.texts import lines_that_differ, value_text
from registry_reconciler.outputs.wording import ended, fault_in_words, fault_of_value, stale_page, where_of
from registry_reconciler.version import __version__

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.change import Change
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.outputs.render import Fault, Rendered
    from registry_reconciler.outputs.sources import Records
    from registry_reconciler.rules.entry_set import EntrySet


class Derived(Struct, frozen=True):
    """What a plan does about outputs.

    Attributes:
        changes: by id.
        targets: new bytes of the files that outputs are in.
        memory: the files of the state that differ afterwards.
        sources: files that problems may be in.
        own: every output that there is.
    """

    changes: tuple[OutputChange, ...] = ()
    targets: Mapping[str, bytes | None] = {}
    memory: tuple[FileChange, ...] = ()
    problems: tuple[Problem, ...] = ()
    sources: Mapping[str, SourceFile] = {}
    own: tuple[Output, ...] = ()


class _Settled(Struct, frozen=True):
    """What is decided of one output."""

    output: Output
    part: Part
    wish: Wish
    action: OutputAction
    quiet: bool = False


def derive(
    loaded: Loaded,
    world: EntrySet,
    changes: Sequence[Change],
    tree: Tree,
    options: PlanOptions,
    records: Records | None = None,
) -> Derived:
    """Everything that a plan does about outputs.

    Args:
        world: the entries as they would be.
        changes: of entries, as they are written.
        tree: the files as they would be, without the outputs.
        records: knows what outputs were made of before.
    """
    definitions = load_definitions(loaded.tree, loaded.kinds, loaded.catalog.broken)
    memory = load_memory(loaded.tree)
    taken = frozenset({*(one.id for one in definitions.outputs), *(one.file for one in definitions.outputs)})
    outputs = (*definitions.outputs, *present(loaded.tree, taken))
    if not outputs and not memory.files and not definitions.problems:
        return Derived(problems=memory.problems)
    sources = Sources(loaded, world, changes, records)
    return _Deriving(loaded, tree, options, definitions, memory, outputs, sources).derived()


class _Deriving:
    def __init__(
        self,
        loaded: Loaded,
        tree: Tree,
        options: PlanOptions,
        definitions: Definitions,
        memory: Memory,
        outputs: tuple[Output, ...],
        sources: Sources,
    ) -> None:
        self.loaded = loaded
        self.options = options
        self.definitions = definitions
        self.memory = memory
        self.outputs = outputs
        self.tree = tree
        self.sources = sources
        self.files: dict[str, FileWork] = {}
        self.problems: list[Problem] = [*definitions.problems, *memory.problems]

    @cached_property
    def overwritten(self) -> Patterns:
        """The ids that may be overwritten."""
        return Patterns(one.removeprefix(PREFIX) for one in self.options.overwrite if one.startswith(PREFIX))

    def derived(self) -> Derived:
        barred, taken = claims(self.outputs, self.loaded.kinds)
        self.problems += taken
        parts = dict(self._parts(barred))
        wishes = self._wishes([one for one in self.outputs if one.id in parts], parts)
        settled = [
            self._settled(one, parts[one.id], wishes[one.id]) for one in self.outputs if one.id in wishes
        ]
        right = [
            one for one in settled if one.action is OutputAction.LEFT and one.quiet and not one.output.page
        ]
        self.sources.keep_right(
            (one.output, self.files[one.output.file].before, self._remembered(one.output)) for one in right
        )
        written = [done for one in settled if (done := self._written(one)) is not None]
        written = self._keep_registries(written)
        changes = [change for one in written if (change := self._change(one)) is not None]
        memory = [] if self.memory.hidden else list(self._memory(written))
        changes += self._forgotten()
        return Derived(
            tuple(sorted(changes, key=lambda one: one.id)),
            {path: work.data for path, work in self.files.items() if work.data != work.before},
            tuple(memory),
            tuple(self.problems),
            self._files_of_problems(),
            self.outputs,
        )

    def _files_of_problems(self) -> dict[str, SourceFile]:
        source = self.definitions.source
        return {source.path: source} if source is not None and source.data is not None else {}

    # What stands there

    def _parts(self, barred: frozenset[str]) -> Iterator[tuple[str, Part]]:
        for one in self.outputs:
            if one.id in barred:
                continue
            work = self.files.get(one.file) or self.files.setdefault(one.file, FileWork(one.file, self.tree))
            if not one.page and self.sources.untouched(one, work.data, self._remembered(one)):
                continue
            try:
                yield one.id, work.part(one)
            except NoPlace as fault:
                self._no_place(one, fault)

    def _remembered(self, one: Output) -> list[tuple[str, str | None]]:
        """The files about an output, with their digests."""
        inputs = self.loaded.tree.inputs
        return [(path, inputs.get(path)) for path in self.memory.paths(one.id)]

    def _no_place(self, one: Output, fault: NoPlace) -> None:
        if fault.hidden:
            self._not_rendered(one, fault.message)
            return
        place = Place(one.file) if fault.line else one.place.at(("at",) if one.at else ("file",))
        found = problem(
            "OUT003",
            f"output {one.id}: {ended(fault.message)}",
            one.place if one.page else place,
            path=() if one.page or fault.line else place.path,
            fix=fault.fix or "Mend its definition, or the file.",
            extra=one.id,
        )
        self.problems.append(
            replace(found, location=Location(one.file, fault.line, 1)) if fault.line else found
        )

    def _not_rendered(self, one: Output, why: str) -> None:
        self.problems.append(
            problem(
                "OUT007",
                f"output {one.id} is left as it is: {ended(why)}",
                one.place,
                path=one.place.path,
                fix="Make what cannot be read readable, then plan again.",
                extra=one.id,
            )
        )

    # What should stand there

    def _wishes(self, outputs: Sequence[Output], parts: Mapping[str, Part]) -> dict[str, Wish]:
        found: dict[str, Wish] = {}
        asked: list[Output] = []
        for one in outputs:
            if one.page:
                if self.loaded.catalog.incomplete or self.loaded.catalog.broken:
                    continue  # a page without a kind that is there would be wrong
                own = self.loaded.rule_files.declared()
                text = page_text(one, self.loaded.kinds, self.loaded.config, own)
                found[one.id] = _text_wish(one, parts[one.id], text)
            else:
                asked.append(one)
        known = self.sources.unchanged(asked, {one.id: parts[one.id] for one in asked})
        for one in asked:
            if one.id in known:
                part = parts[one.id]
                found[one.id] = Wish(part.text or "", part.value)
        left = [one for one in asked if one.id not in known]
        rendered = self.sources.render(left)
        for one in left:
            wish = self._wish(one, parts[one.id], rendered[one.id])
            if wish is not None:
                found[one.id] = wish
        self.sources.keep(left, rendered, found)
        return found

    def _wish(self, one: Output, part: Part, rendered: Rendered) -> Wish | None:
        hidden = self.sources.hidden_among(rendered.kinds)
        if hidden:
            kinds = ", ".join(hidden)
            self._not_rendered(one, f"not all entries of {kinds} can be read")
            return None
        if rendered.fault is not None:
            self.problems.append(self._fault(one, rendered.fault))
            return None
        value = rendered.result
        if one.is_container:
            as_map = "key" in one.spec or isinstance(part.value, dict)
            value = dict(value) if as_map else [item for _, item in value]
        if one.at:
            return Wish(value_text(value), value)
        if isinstance(value, list | dict) or value is None:
            what = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
            message = f"it gives {what}, and a text or a number belongs here"
            self.problems.append(self._fault(one, fault_of_value(message)))
            return None
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        return _text_wish(one, part, text)

    def _fault(self, one: Output, fault: Fault) -> Problem:
        code = "OUT006" if fault.kind == "secret" else "OUT002"
        message, fix = fault_in_words(one, fault)
        path = template_path(fault.template) if fault.template else None
        if path is None or (fault.kind == "missing" and not fault.line):
            at = fault.at if "template" not in one.spec else ("template",)
            place = one.place.at(tuple(at))
            return problem(code, message, place, path=place.path, fix=fix, extra=one.id)
        found = problem(code, message, Place(path), fix=fix, extra=f"{one.id} {fault.kind}")
        return replace(found, location=Location(path, fault.line, 1 if fault.line else 0))

    # What becomes of it

    def _settled(self, one: Output, part: Part, wish: Wish) -> _Settled:
        if part.text == wish.text:
            known = self.memory.knows(one.id)
            if self.memory.is_settled(one.id, wish.text):
                return _Settled(one, part, wish, OutputAction.LEFT, quiet=True)
            return _Settled(one, part, wish, OutputAction.ADOPT, quiet=known or bool(one.page))
        if self.options.leave_outputs:
            return _Settled(one, part, wish, OutputAction.LEFT)
        if not self._is_edited(one, part):
            action = OutputAction.CREATE if part.text is None else OutputAction.UPDATE
            older = bool(one.page) and self.memory.version(one.id) != __version__
            return _Settled(one, part, wish, action, quiet=older)
        if one.id in self.overwritten or self.loaded.config.drift == "undo":
            action = OutputAction.CREATE if part.text is None else OutputAction.UPDATE
            return _Settled(one, part, wish, action)
        return _Settled(one, part, wish, OutputAction.EDITED)

    def _is_edited(self, one: Output, part: Part) -> bool:
        """Whether what stands there is neither what was rendered before nor there to be filled."""
        if self.memory.hidden:
            return True
        if part.text is not None and self.memory.says(one.id, part.text):
            return False
        if self.memory.knows(one.id):
            return True
        if part.empty:
            return False
        if one.page:
            return one.whole and GENERATED not in (part.text or "")
        # Who marks a region, or names one value, says that what stands there is derived.
        return one.whole or one.is_container

    def _written(self, one: _Settled) -> _Settled | None:
        if one.action is OutputAction.EDITED:
            self.problems.append(self._edited(one))
        elif one.action in (OutputAction.CREATE, OutputAction.UPDATE):
            try:
                self.files[one.output.file].put(one.output, one.wish)
            except NoPlace as fault:
                self._no_place(one.output, fault)
                return None
            if one.output.page:
                self.problems.append(stale_page(one.output))
        return one

    def _edited(self, one: _Settled) -> Problem:
        name = one.output.id
        what = "is gone" if one.part.text is None else "was edited by hand"
        if not self.memory.knows(name) and not one.output.page:
            what = "has content that was never rendered"
        blocks = self.loaded.config.drift == "block"
        found = problem(
            "OUT005",
            f"output {name}: {where_of(one.output)} {what}; it is left as it is",
            Place(one.output.file),
            fix=f"Write it anew: registry apply --overwrite {PREFIX}{name}. To keep the edit, change "
            + ("a copy of the page" if one.output.page else "its template or definition")
            + " instead.",
            extra=name,
        )
        found = replace(found, message=f"{found.message}.")
        if one.part.line:
            found = replace(found, location=Location(one.output.file, one.part.line, 1))
        return replace(found, severity=Severity.ERROR) if blocks else found

    def _keep_registries(self, written: list[_Settled]) -> list[_Settled]:
        """A region in a registry file may not hold what the registry says."""
        refused: set[str] = set()
        for path in dict.fromkeys(regions_in_registries(self.outputs, self.loaded.kinds)):
            work = self.files.get(path)
            if work is not None and work.data != work.before and not _reads_alike(path, work):
                work.data = work.before
                refused.add(path)
        for one in written:
            if one.output.file in refused and one.action in (OutputAction.CREATE, OutputAction.UPDATE):
                self.problems.append(
                    problem(
                        "OUT004",
                        f"output {one.output.id}: {where_of(one.output)} holds what a registry says, and writing it "
                        "would change that.",
                        one.output.place,
                        path=one.output.place.path,
                        fix="Put the markers around comments only, or name a value with 'at'.",
                        extra=one.output.id,
                    )
                )
        return [
            one
            for one in written
            if one.output.file not in refused or one.action not in (OutputAction.CREATE, OutputAction.UPDATE)
        ]

    def _change(self, one: _Settled) -> OutputChange | None:
        if one.action is OutputAction.LEFT and one.part.text == one.wish.text:
            return None
        return OutputChange(
            one.output.id,
            one.output.file,
            one.action,
            one.output.region,
            one.output.at,
            lines_that_differ(one.part.text or "", one.wish.text),
            self.sources.digest(one.output),
            one.quiet,
        )

    def _forgotten(self) -> Iterator[OutputChange]:
        if self.definitions.broken or self.memory.hidden or self.options.leave_outputs:
            return
        mine = {one.id for one in self.outputs}
        for name in sorted(self.memory.accounts.keys() - mine):
            yield OutputChange(name, "", OutputAction.FORGET, quiet=name in _PAGES)

    # What is remembered

    def _memory(self, written: Iterable[_Settled]) -> Iterator[FileChange]:
        gone: dict[str, bytes | None] = {}
        for one in written:
            if one.action in (OutputAction.CREATE, OutputAction.UPDATE, OutputAction.ADOPT):
                gone.update(self._account(one))
        if not (self.definitions.broken or self.options.leave_outputs):
            mine = {one.id for one in self.outputs}
            for path, said in self.memory.files.items():
                if not any(one.id in mine for one in said):
                    gone[path] = None
        for path, content in sorted(gone.items()):
            try:
                old = self.loaded.tree.read(path)
            except Unreadable:
                continue
            if content != old:
                yield FileChange(path, _digest(old), _digest(content), content)

    def _account(self, one: _Settled) -> Iterator[tuple[str, bytes | None]]:
        name = one.output.id
        paths = self.memory.paths(name)
        known = self.memory.accounts.get(name, ())
        salt = known[0].salt if known else remembered.new_salt(name, one.wish.text)
        content = remembered.render(name, salt, __version__, one.wish.text)
        yield from ((path, None) for path in paths[1:])
        yield (paths[0] if paths else remembered.new_path(name, content)), content


_PAGES = frozenset(one.id for one in SHIPPED)


def _digest(data: bytes | None) -> str | None:
    return None if data is None else digest_bytes(data)


def _reads_alike(path: str, work: FileWork) -> bool:
    from registry_reconciler.formats.table import format_named
    from registry_reconciler.model.entry import same

    form = format_named(path)
    old, new = form.read(work.before or b""), form.read(work.data or b"")
    return old.readable and new.readable and same(list(old.documents), list(new.documents))


def _text_wish(one: Output, part: Part, text: str) -> Wish:
    text = text.replace("\r\n", "\n")
    if one.region and part.inline:
        text = text.removesuffix("\n")
    elif one.region and text and not text.endswith("\n"):
        text += "\n"
    return Wish(text)
