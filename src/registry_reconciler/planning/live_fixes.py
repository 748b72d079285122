"""Fixes in entries whose truth is live: those that change a value, and those that only write it otherwise.

A changed value goes the way of every edit of such an entry. One that stays what it is (a text that gets
quotes) is no edit of the entry, so nothing would be written: there the text itself is rewritten, as in a fragment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.entry import get_path, same
from registry_reconciler.model.problem import Problem, TextEdit


class LiveFixes(Struct, frozen=True):
    """The fixes that lie in files whose truth is live.

    Attributes:
        values: problems whose fix changes what an entry says.
        texts: edits of files in which only the way of writing changes, by path.
        later: problems whose file is edited by value too: one file is not written in two ways at once.
    """

    values: tuple[Problem, ...]
    texts: Mapping[str, Sequence[TextEdit]]
    later: tuple[Problem, ...]


def live_fixes(
    problems: Sequence[tuple[Problem, Sequence[TextEdit]]], files: Mapping[str, SourceFile]
) -> LiveFixes:
    """Part the fixes that are to be made in files whose truth is live."""
    values = [(problem, edits) for problem, edits in problems if not _says_the_same(problem, files)]
    busy = {edit.path for _, edits in values for edit in edits}
    texts: dict[str, list[TextEdit]] = {}
    later = []
    for problem, edits in problems:
        if not _says_the_same(problem, files):
            continue
        if any(edit.path in busy for edit in edits):
            later.append(problem)
            continue
        for edit in edits:
            texts.setdefault(edit.path, []).append(edit)
    return LiveFixes(tuple(problem for problem, _ in values), texts, tuple(later))


def _says_the_same(problem: Problem, files: Mapping[str, SourceFile]) -> bool:
    """Whether what a fix puts in place is what stands there already."""
    if problem.fix is None or not problem.fix.replacements:
        return False
    return all(
        not place.on_key
        and place.file in files
        and place.document < len(files[place.file].documents)
        and same(get_path(files[place.file].documents[place.document], place.path), value)
        for place, value in problem.fix.replacements
    )
