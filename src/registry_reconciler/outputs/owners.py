"""No two own the same bytes: outputs among themselves, and outputs and registries. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from registry_reconciler.model.entry import Place
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.model.problem import Problem, Related
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.wording import at_definition, where_of


def claims(outputs: Sequence[Output], kinds: Mapping[str, Kind]) -> tuple[frozenset[str], list[Problem]]:
    """The outputs that may not be written because somebody else owns their place, and the problems."""
    barred: set[str] = set()
    problems: list[Problem] = []
    by_file: dict[str, list[Output]] = {}
    for output in outputs:
        by_file.setdefault(output.file.casefold(), []).append(output)
    for some in by_file.values():
        for index, output in enumerate(some):
            for other in some[:index]:
                if _meet(output, other):
                    barred.update((output.id, other.id))
                    problems.append(_taken(output, f"the output {other.id}", other.place))
    for output in outputs:
        for kind in kinds.values():
            if kind.file.match(output.file) is not None and _in_registry(output, kind):
                barred.add(output.id)
                place = Place(kind.schema_path, 0, ("x-registry", "file"))
                problems.append(_taken(output, f"the registry of {kind.name}", place))
                break
    return frozenset(barred), problems


def _meet(output: Output, other: Output) -> bool:
    if output.file != other.file:
        return True  # names that differ in case only are one file on some systems
    if output.whole or other.whole:
        return True
    if output.region and other.region:
        return output.region == other.region
    if output.at and other.at:
        return _overlap(output.steps, other.steps)
    return False


def _overlap(steps: Sequence[Step], others: Sequence[Step]) -> bool:
    """Whether one place is the other, or lies inside it."""
    for left, right in zip(steps, others, strict=False):
        if left.kind == "item" or right.kind == "item":
            if left.name != right.name:
                return False
            if left.kind == right.kind and left.by == right.by and left.literal != right.literal:
                return False
        elif left.name != right.name:
            return False
    return True


def _in_registry(output: Output, kind: Kind) -> bool:
    if output.whole:
        return True
    if not output.at:
        return False  # what stands between markers is looked at when it is written
    return all(_may_be_same(mine, its) for mine, its in zip(output.steps, kind.at, strict=False))


def _may_be_same(mine: Step, its: Step) -> bool:
    if its.kind in ("any", "placeholder"):
        return True
    return mine.name == its.name


def _taken(output: Output, owner: str, place: Place) -> Problem:
    return at_definition(
        "OUT004",
        output,
        f"{where_of(output)} belongs to {owner} already.",
        fix="Give each its own file, region or place; two owners would undo each other's work.",
        apart=": ",
        related=(Related(owner, place),),
        extra=f"{output.id} {owner}",
    )


def regions_by_file(outputs: Sequence[Output]) -> dict[str, set[str]]:
    """The regions that outputs own, by file."""
    found: dict[str, set[str]] = {}
    for output in outputs:
        if output.region:
            found.setdefault(output.file, set()).add(output.region)
    return found


def regions_in_registries(outputs: Sequence[Output], kinds: Mapping[str, Kind]) -> Iterator[str]:
    """The files with regions that are registries too."""
    for output in outputs:
        if output.region and any(kind.file.match(output.file) is not None for kind in kinds.values()):
            yield output.file
