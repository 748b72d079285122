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
from registry_reconciler.model.entry import Location, Place
from registry_reconciler.model.output import PREFIX, OutputAction, OutputChange
from registry_reconciler.model.plan import FileChange
from registry_reconciler.model.problem import Problem, Severity
from registry_reconciler.model.structural import problem
from registry_reconciler.outputs.definitions import Definitions, Output, load_definitions
from registry_reconciler.outputs.memory import Memory, load_memory
from registry_reconciler.outputs.memory_files import memory_files
from registry_reconciler.outputs.moved import left_behind
from registry_reconciler.outputs.names import template_names, template_path
from registry_reconciler.outputs.owners import claims, regions_by_file, regions_in_registries
from registry_reconciler.outputs.shipped import GENERATED, SHIPPED, page_text, present, unseen
from registry_reconciler.outputs.sources import Sources
from registry_reconciler.outputs.targets import DesiredContent, FileWork, NoOutputPlace, Part, desired_text
from registry_reconciler.outputs.texts import lines_that_differ, value_text
from registry_reconciler.outputs.wording import (
    edited,
    fault_in_words,
    fault_of_value,
    misread,
    no_place,
    not_rendered,
    stale_page,
    where_of,
)
from registry_reconciler.version import __version__

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.change import Change
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.outputs.beside import ReadyProcess
    from registry_reconciler.outputs.rendered import Rendered, RenderFault
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
    desired: DesiredContent
    action: OutputAction
    quiet: bool = False


def begin_deriving(
    loaded: Loaded,
    entry_set: EntrySet,
    changes: Sequence[Change],
    tree: Tree,
    options: PlanOptions,
    records: Records | None,
    ready: ReadyProcess | None,
) -> Deriving:
    """Begin with everything that a plan does about outputs.

    Args:
        entry_set: the entries as they would be.
        changes: of entries, as they are written.
        tree: the files as they would be, without the outputs.
        records: knows what outputs were made of before.
        ready: has the process that renders, where it was begun before.
    """
    known = ready.definitions(loaded.tree, loaded.catalog) if ready is not None else None
    definitions = known or load_definitions(loaded.tree, loaded.kinds, loaded.catalog.broken)
    memory = load_memory(loaded.tree)
    taken = frozenset(
        {*(output.id for output in definitions.outputs), *(output.file for output in definitions.outputs)}
    )
    outputs = (*definitions.outputs, *present(loaded.tree, taken))
    sources = Sources(loaded, entry_set, changes, tree, records, regions_by_file(outputs))
    deriving = Deriving(loaded, tree, options, definitions, memory, outputs, sources)
    deriving.start_rendering(ready)
    return deriving


class Deriving:
    """The outputs of one plan."""

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
        self.rendered_before: dict[str, bool] = {}
        self.problems: list[Problem] = [*definitions.problems, *memory.problems]
        self.left: list[Output] = []
        self.parts: dict[str, Part] = {}

    @cached_property
    def overwritten(self) -> Patterns:
        """The ids that may be overwritten."""
        return Patterns(
            pattern.removeprefix(PREFIX) for pattern in self.options.overwrite if pattern.startswith(PREFIX)
        )

    @cached_property
    def known_outputs(self) -> frozenset[str]:
        """The ids of those that there are, seen or not."""
        return frozenset((*(output.id for output in self.outputs), *unseen(self.loaded.tree)))

    def start_rendering(self, ready: ReadyProcess | None) -> None:
        """Find out which may not be what they should be, and begin to render."""
        barred, taken = claims(self.outputs, self.loaded.kinds)
        self.problems += taken
        left = list(self._not_untouched(barred))
        rendered = [output for output in left if not output.page and self.sources.needs_process(output)]
        self.left = [output for output in left if output not in rendered]
        self.parts = dict(self._parts(rendered))
        self.sources.start([output for output in rendered if output.id in self.parts], self.parts, ready)

    def stop(self) -> None:
        """End what was begun."""
        self.sources.stop()

    def derived(self) -> Derived:
        """All that comes of it; waits for what is rendered."""
        parts = {**self.parts, **dict(self._parts(self.left))}
        all_desired = self._all_desired([output for output in self.outputs if output.id in parts], parts)
        settled = [
            self._settled(output, parts[output.id], all_desired[output.id])
            for output in self.outputs
            if output.id in all_desired
        ]
        misread_ids = set(self._misread(settled))
        right = [
            done
            for done in settled
            if done.action is OutputAction.LEFT
            and done.quiet
            and not done.output.page
            and done.output.id not in misread_ids  # it is looked at again, and said again
        ]
        self.sources.keep_right(
            (done.output, self.files[done.output.file].before, self.memory.paths(done.output.id))
            for done in right
        )
        written = [done for wanted in settled if (done := self._written(wanted)) is not None]
        written = self._keep_registries(written)
        changes = [change for done in written if (change := self._change(done)) is not None]
        memory = [] if self.memory.hidden else list(self._memory_files(written))
        changes += self._forgotten()
        return Derived(
            tuple(sorted(changes, key=lambda change: change.id)),
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

    def _not_untouched(self, barred: frozenset[str]) -> Iterator[Output]:
        for output in self.outputs:
            if output.id in barred:
                continue
            work = self.files.get(output.file) or self.files.setdefault(
                output.file, FileWork(output.file, self.tree)
            )
            if output.page or not self.sources.untouched(output, work.data, self.memory.paths(output.id)):
                yield output

    def _parts(self, outputs: Iterable[Output]) -> Iterator[tuple[str, Part]]:
        for output in outputs:
            try:
                part = self.files[output.file].part(output)
            except NoOutputPlace as fault:
                self._no_place(output, fault)
                continue
            if part.text is not None:
                if self.sources.was_settled(output, part.text, self.memory.paths(output.id)):
                    self.memory.take_as_settled(output.id, part.text)
                self.rendered_before[output.id] = self.memory.says(
                    output.id, part.text
                ) or self.memory.was_rendered_here(output.where, part.text, self.known_outputs)
            yield output.id, part

    def _no_place(self, output: Output, fault: NoOutputPlace) -> None:
        found = (
            not_rendered(output, fault.message)
            if fault.hidden
            else no_place(output, fault.message, fault.fix, fault.line)
        )
        self.problems.append(found)

    # What should stand there

    def _all_desired(self, outputs: Sequence[Output], parts: Mapping[str, Part]) -> dict[str, DesiredContent]:
        found: dict[str, DesiredContent] = {}
        asked: list[Output] = []
        for output in outputs:
            if output.page:
                if self.loaded.catalog.incomplete or self.loaded.catalog.broken:
                    continue  # a page without a kind that is there would be wrong
                own = self.loaded.rule_files.declared()
                text = page_text(output, self.loaded.kinds, self.loaded.config, own)
                found[output.id] = desired_text(output, parts[output.id], text)
            else:
                asked.append(output)
        known = self.sources.unchanged(asked, parts)
        found |= {name: DesiredContent(parts[name].text or "", parts[name].value) for name in known}
        left = [output for output in asked if output.id not in known]
        rendered = self.sources.render(left)
        for output in left:
            desired = self._desired(output, parts[output.id], rendered[output.id])
            if desired is not None:
                found[output.id] = desired
        self.sources.keep(left, rendered, found)
        return found

    def _desired(self, output: Output, part: Part, rendered: Rendered) -> DesiredContent | None:
        hidden = self.sources.hidden_among(rendered.kinds)
        if hidden:
            kinds = ", ".join(hidden)
            self.problems.append(not_rendered(output, f"not all entries of {kinds} can be read"))
            return None
        if rendered.fault is not None:
            self.problems.append(self._fault(output, rendered.fault))
            return None
        value = rendered.result
        if output.is_container:
            as_map = "key" in output.spec or isinstance(part.value, dict)
            value = dict(value) if as_map else [item for _, item in value]
        if output.at:
            return DesiredContent(value_text(value, is_written_alike=rendered.is_written_alike), value)
        if isinstance(value, list | dict) or value is None:
            what = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
            message = f"it gives {what}, but must give a text or a number"
            self.problems.append(self._fault(output, fault_of_value(message)))
            return None
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        return desired_text(output, part, text)

    def _fault(self, output: Output, fault: RenderFault) -> Problem:
        code = "OUT006" if fault.kind == "secret" else "OUT002"
        known = tuple(template_names(self.loaded.tree)) if fault.kind == "missing" else ()
        message, fix = fault_in_words(output, fault, known)
        path = template_path(fault.template) if fault.template else None
        if path is None or (fault.kind == "missing" and not fault.line):
            at = fault.at if "template" not in output.spec else ("template",)
            place = output.place.at(tuple(at))
            return problem(code, message, place, path=place.path, fix=fix, extra=output.id)
        found = problem(code, message, Place(path), fix=fix, extra=f"{output.id} {fault.kind}")
        return replace(found, location=Location(path, fault.line, 1 if fault.line else 0))

    # What becomes of it

    def _misread(self, settled: Iterable[_Settled]) -> Iterator[str]:
        for done in settled:
            found = None if done.output.page else misread(done.output, done.desired.text)
            if found is not None:
                self.problems.append(found)
                yield done.output.id

    def _settled(self, output: Output, part: Part, desired: DesiredContent) -> _Settled:
        if part.text == desired.text:
            known = self._was_here(output)
            if self.memory.hidden or (known and self.memory.is_settled(output.id, desired.text)):
                return _Settled(output, part, desired, OutputAction.LEFT, quiet=True)
            return _Settled(output, part, desired, OutputAction.ADOPT, quiet=known or bool(output.page))
        if self.options.leave_outputs or self.memory.hidden:
            return _Settled(output, part, desired, OutputAction.LEFT)
        if not self._is_edited(output, part):
            action = OutputAction.CREATE if part.text is None else OutputAction.UPDATE
            older = bool(output.page) and self.memory.version(output.id) != __version__
            return _Settled(output, part, desired, action, quiet=older)
        if output.id in self.overwritten or self.loaded.config.drift == "undo":
            action = OutputAction.CREATE if part.text is None else OutputAction.UPDATE
            return _Settled(output, part, desired, action)
        unknown_page = bool(output.page) and not self.memory.knows(output.id)
        return _Settled(output, part, desired, OutputAction.EDITED, quiet=unknown_page)

    def _was_here(self, output: Output) -> bool:
        return self.memory.knows(output.id) and not self.memory.is_elsewhere(output.id, output.where)

    def _is_edited(self, output: Output, part: Part) -> bool:
        """Whether what stands there is neither what was rendered before nor there to be filled."""
        if self.rendered_before.get(output.id):
            return False
        if self._was_here(output):
            return True
        if part.empty:
            return False
        if output.page:
            return output.whole and GENERATED not in (part.text or "")
        # Who marks a region, or names one value, says that what stands there is derived.
        return output.whole or output.is_container

    def _written(self, settled: _Settled) -> _Settled | None:
        if settled.action is OutputAction.EDITED:
            self.problems.append(self._edited(settled))
        elif settled.action in (OutputAction.CREATE, OutputAction.UPDATE):
            try:
                self.files[settled.output.file].put(settled.output, settled.desired)
            except NoOutputPlace as fault:
                self._no_place(settled.output, fault)
                return None
            if settled.output.page:
                self.problems.append(stale_page(settled.output))
        if settled.action in (OutputAction.CREATE, OutputAction.UPDATE, OutputAction.ADOPT):
            owned = {output.where for output in self.outputs}
            self.problems += left_behind(settled.output, self.memory, owned, self._work)
        return settled

    def _work(self, path: str) -> FileWork:
        return self.files.get(path) or FileWork(path, self.tree)

    def _edited(self, settled: _Settled) -> Problem:
        what = "is gone" if settled.part.text is None else "was edited by hand"
        if not self._was_here(settled.output) and not settled.output.page:
            what = "has content that was never rendered"
        found = edited(settled.output, what)
        location = self.files[settled.output.file].location(settled.output, settled.part)
        if location is not None:
            found = replace(found, location=location)
        return replace(found, severity=Severity.ERROR) if self.loaded.config.drift == "block" else found

    def _keep_registries(self, written: list[_Settled]) -> list[_Settled]:
        """A region in a registry file may not hold what the registry says."""
        refused: set[str] = set()
        for path in dict.fromkeys(regions_in_registries(self.outputs, self.loaded.kinds)):
            work = self.files.get(path)
            if work is not None and work.data != work.before and not work.reads_alike():
                work.data = work.before
                refused.add(path)
        for change in written:
            if change.output.file in refused and change.action in (OutputAction.CREATE, OutputAction.UPDATE):
                self.problems.append(
                    problem(
                        "OUT004",
                        f"output {change.output.id}: {where_of(change.output)} holds what a registry says, and writing "
                        "it would change that.",
                        change.output.place,
                        path=change.output.place.path,
                        fix="Put the markers around comments only, or name a value with 'at'.",
                        extra=change.output.id,
                    )
                )
        return [
            change
            for change in written
            if change.output.file not in refused
            or change.action not in (OutputAction.CREATE, OutputAction.UPDATE)
        ]

    def _change(self, settled: _Settled) -> OutputChange | None:
        if settled.action is OutputAction.LEFT and settled.part.text == settled.desired.text:
            return None
        return OutputChange(
            settled.output.id,
            settled.output.file,
            settled.action,
            settled.output.region,
            settled.output.at,
            lines_that_differ(settled.part.text or "", settled.desired.text),
            self.sources.digest(settled.output),
            settled.quiet,
        )

    def _memory_files(self, written: Iterable[_Settled]) -> Iterator[FileChange]:
        all_desired = [
            (done.output, done.desired)
            for done in written
            if done.action in (OutputAction.CREATE, OutputAction.UPDATE, OutputAction.ADOPT)
        ]
        known = None if self.definitions.broken or self.options.leave_outputs else self.known_outputs
        return memory_files(self.loaded.tree, self.memory, all_desired, known)

    def _forgotten(self) -> Iterator[OutputChange]:
        if self.definitions.broken or self.memory.hidden or self.options.leave_outputs:
            return
        for name in sorted(self.memory.accounts.keys() - self.known_outputs):
            yield OutputChange(name, "", OutputAction.FORGET, quiet=name in {page.id for page in SHIPPED})
