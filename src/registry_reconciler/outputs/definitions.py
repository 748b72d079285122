"""``.system/registry/outputs.yaml`` as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.files.names import unsafe
from registry_reconciler.files.unreadable import SHOW_ALL
from registry_reconciler.loading.source import read_source
from registry_reconciler.model.config import OUTPUTS_PATH, TEMPLATES_FOLDER
from registry_reconciler.model.entry import Json, Place, canonical, digest_bytes
from registry_reconciler.model.kind import KindError, Step, parse_at
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.outputs.names import may_own, template_path

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.model.kind import Kind


class Output(Struct, frozen=True):
    """One output.

    Attributes:
        region, at: where in the file; neither: the whole file.
        spec: how its text is made: ``template``, ``value``, or ``each`` with ``item``, ``where`` and ``key``.
        place: where it is defined.
        page: makes the text of one that ships with the product; "" for those of the workspace.
    """

    id: str
    file: str
    region: str = ""
    at: str = ""
    steps: tuple[Step, ...] = ()
    spec: Mapping[str, Json] = {}
    place: Place = Place(OUTPUTS_PATH)
    page: str = ""

    @property
    def whole(self) -> bool:
        """Whether it owns its file."""
        return not self.region and not self.at

    @property
    def where(self) -> str:
        """The part of a file that it owns, as one line."""
        return canonical([self.file, self.region, self.at])

    @property
    def is_container(self) -> bool:
        """Whether it is a list or a mapping of items."""
        return "each" in self.spec

    @property
    def definition(self) -> str:
        """The digest of all that is said of it."""
        return digest_bytes(
            canonical([self.id, self.file, self.region, self.at, dict(self.spec), self.page]).encode(
                "utf-8", "surrogatepass"
            )
        )


class Definitions(Struct, frozen=True):
    """The outputs of a workspace, in the order of the file.

    Attributes:
        broken: the file cannot be used: nothing is known of any output.
        source: the file as read.
    """

    outputs: tuple[Output, ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: bool = False
    source: SourceFile | None = None


def load_definitions(tree: Tree, kinds: Mapping[str, Kind], broken_kinds: Iterable[str]) -> Definitions:
    """Read ``outputs.yaml``."""
    source = read_source(tree, OUTPUTS_PATH)
    if source is None:
        return Definitions()
    if source.hidden:
        found = problem(
            "LIV006",
            f"a sparse checkout hides {OUTPUTS_PATH}. No output is looked at.",
            Place(OUTPUTS_PATH),
            fix=SHOW_ALL,
        )
        return Definitions((), (found,), broken=True, source=source)
    if not source.readable:
        return Definitions((), source.problems, broken=True, source=source)
    if len(source.documents) > 1:
        several = problem("OUT001", f"{OUTPUTS_PATH} must hold one document.", Place(OUTPUTS_PATH, 1))
        return Definitions((), (*source.problems, several), broken=True, source=source)
    content = source.documents[0] if source.documents else None
    faults = list(_violations(content))
    if faults:
        return Definitions((), (*source.problems, *faults), broken=True, source=source)
    return _parsed(source, (content or {}).get("outputs") or [], kinds, frozenset(broken_kinds))


def _violations(content: Json) -> Iterable[Problem]:
    from registry_reconciler.schema.validator import output_violations

    for output_violation in output_violations(content):
        yield problem(
            "OUT001",
            output_violation.message,
            Place(OUTPUTS_PATH, 0, output_violation.path, on_key=output_violation.on_key),
            path=output_violation.path,
            fix=output_violation.fix or "See 'registry schema outputs'.",
            extra=output_violation.message,
        )


def _parsed(
    source: SourceFile, items: list[Json], kinds: Mapping[str, Kind], broken: frozenset[str]
) -> Definitions:
    outputs: list[Output] = []
    problems = list(source.problems)
    known: dict[str, int] = {}
    for index, item in enumerate(items):
        place = Place(OUTPUTS_PATH, 0, ("outputs", index))
        twin = known.setdefault(item["id"], index)
        if twin != index:
            problems.append(
                _fault(
                    item, place.at(("id",)), f"the id {item['id']!r} is taken already.", "Choose another id."
                )
            )
            continue
        output, faults = _output(item, place, kinds, broken)
        problems.extend(faults)
        if output is not None:
            outputs.append(output)
    return Definitions(tuple(outputs), tuple(problems), source=source)


def _fault(item: Json, place: Place, message: str, fix: str) -> Problem:
    return problem(
        "OUT001",
        f"output {item['id']}: {message}",
        place,
        path=place.path,
        fix=fix,
        extra=f"{item['id']} {message}",
    )


def _output(
    item: Json, place: Place, kinds: Mapping[str, Kind], broken: frozenset[str]
) -> tuple[Output | None, list[Problem]]:
    faults: list[Problem] = []
    file = item["file"]
    why = _bad_file(file)
    if why:
        faults.append(_fault(item, place.at(("file",)), why, "Name another file."))
    each = item.get("each")
    if each is not None and each not in kinds and each not in broken:
        faults.append(
            _fault(
                item,
                place.at(("each",)),
                f"there is no kind {each!r}.{did_you_mean(each, kinds)}",
                "Name a kind; 'registry list --kinds' shows them.",
            )
        )
    if each is not None and "at" not in item:
        faults.append(
            _fault(
                item,
                place,
                "'each' makes a list or a mapping, and 'at' does not say where.",
                "Add 'at'. A file that is one list is made by a template: {{ entries.KIND | list | tojson(2) }}.",
            )
        )
    name = item.get("template")
    if name is not None and template_path(name) is None:
        faults.append(
            _fault(
                item,
                place.at(("template",)),
                f"the template {name!r} does not lie in {TEMPLATES_FOLDER}/.",
                f"Name a path below {TEMPLATES_FOLDER}/, with '/' and without '..'.",
            )
        )
    steps: tuple[Step, ...] = ()
    if "at" in item:
        steps, why = _steps(item["at"])
        if why:
            faults.append(
                _fault(item, place.at(("at",)), why, "Write names separated by dots, or list[field=value].")
            )
    if faults:
        return None, faults
    spec = {
        name: item[name]
        for name in ("template", "value", "each", "where", "key", "item", "order")
        if name in item
    }
    return Output(item["id"], file, item.get("region", ""), item.get("at", ""), steps, spec, place), []


def _steps(text: str) -> tuple[tuple[Step, ...], str]:
    try:
        steps = parse_at(text)
    except KindError as error:
        return (), f"{error}."
    for step in steps:
        if step.kind in ("placeholder", "any") or (step.kind == "item" and step.binds):
            return (), f"{text!r} leaves open which value is meant."
    return steps, ""


def _bad_file(path: str) -> str:
    """Why a file may not be an output's, or ""."""
    fault = unsafe(path)
    if fault is not None:
        return f"{path!r} is no file of this workspace: {fault}."
    if may_own(path):
        return ""
    return f"{path!r} belongs to registry itself or to git."
