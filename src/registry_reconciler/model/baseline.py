"""The baseline: problems that were there when an old repository started, by code, address and path, never by line."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from registry_reconciler.base.yaml_quotes import double_quoted
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.problem import Problem

Known = tuple[str, str, FieldPath]
HEADER = (
    "# Problems that were here when this file was written: they are shown as known and do not block.\n"
    "# Written by 'registry baseline'. Entries of problems that are gone may be removed at any time.\n"
)


class Baseline(Struct, frozen=True):
    """Known problems."""

    known: frozenset[Known] = frozenset()

    def has(self, problem: Problem) -> bool:
        """Whether a problem is known."""
        return known_of(problem) in self.known


def known_of(problem: Problem) -> Known:
    """What the baseline keeps of a problem."""
    return problem.code, problem.address or problem.place.file, problem.missing_field or problem.path


def parse_baseline(content: Json) -> tuple[Baseline, list[tuple[str, FieldPath]]]:
    """The baseline in a file's content, and what is wrong with it: message and path."""
    if content is None:
        return Baseline(), []
    items = content.get("problems") if isinstance(content, dict) else None
    if not isinstance(items, list):
        return Baseline(), [("the baseline must be a mapping with a list 'problems'.", ())]
    known: set[Known] = set()
    faults: list[tuple[str, FieldPath]] = []
    for index, item in enumerate(items):
        finding = _known(item)
        if finding is None:
            faults.append(
                (
                    "a known problem needs 'code' and 'address' as text, and 'path' as a list.",
                    ("problems", index),
                )
            )
        else:
            known.add(finding)
    return Baseline(frozenset(known)), faults


def _known(item: Json) -> Known | None:
    if not isinstance(item, dict):
        return None
    code, address, path = item.get("code"), item.get("address"), item.get("path", [])
    if not (isinstance(code, str) and isinstance(address, str) and isinstance(path, list)):
        return None
    return code, address, tuple(path)


def render_baseline(problems: Iterable[Problem]) -> bytes:
    """The content of the file for today's problems, one line each, sorted."""
    lines = sorted({_line(known_of(problem)) for problem in problems})
    body = "problems:\n" + "".join(lines) if lines else "problems: []\n"
    return (HEADER + body).encode("utf-8")


def _line(known: Known) -> str:
    code, address, path = known
    steps = ", ".join(double_quoted(step) if isinstance(step, str) else str(step) for step in path)
    where = f", path: [{steps}]" if path else ""
    return f"- {{code: {code}, address: {double_quoted(address)}{where}}}\n"
