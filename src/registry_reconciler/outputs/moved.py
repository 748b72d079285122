"""Outputs that have another place now: what was rendered still stands where they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator

from registry_reconciler.files.names import unsafe
from registry_reconciler.model.kind import KindError, parse_at
from registry_reconciler.model.problem import Problem
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.memory import Memory
from registry_reconciler.outputs.targets import FileWork, NoOutputPlace
from registry_reconciler.outputs.wording import at_definition, where_of


def left_behind(
    output: Output, memory: Memory, owned: Container[str], work_of: Callable[[str], FileWork]
) -> Iterator[Problem]:
    """What to say of each place that an output is not in any more, where its text is still.

    Args:
        owned: the places that outputs are in now.
        work_of: gives a file as it would be.
    """
    for where in dict.fromkeys(account.where for account in memory.accounts.get(output.id, ())):
        old = _output_at(output, where) if where not in owned else None
        if old is not None and _is_there(old, memory, work_of(old.file)):
            yield at_definition(
                "OUT011",
                output,
                f"has moved to {where_of(output)}; what was rendered before stays in {where_of(old)}.",
                fix="Delete it there, if it is of no use any more.",
            )


def _output_at(output: Output, where: str) -> Output | None:
    """The output as it was at a place; ``None`` where nobody can tell."""
    try:
        file, region, at = map(str, json.loads(where))
        steps = parse_at(at) if at else ()
    except (ValueError, TypeError, KindError, RecursionError):
        return None
    old = Output(output.id, file, region, at, steps)
    # Who writes it otherwise may say what no file is called, such as half of a character.
    return old if old.where == where and unsafe(file) is None else None


def _is_there(old: Output, memory: Memory, work: FileWork) -> bool:
    try:
        text = work.part(old).text
    except NoOutputPlace:
        return False
    return text is not None and memory.says(old.id, text)
