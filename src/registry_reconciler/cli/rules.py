"""Rules of the workspace's own, by the codes that a person typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.errors import UsageFailure

if TYPE_CHECKING:
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.rules.own.definition import OwnRule


def own_definitions(planning: Planning, codes: Sequence[str]) -> tuple[list[OwnRule], list[str]]:
    """The rules of some codes, or all of them; and what is wrong with those that cannot be used.

    Raises:
        UsageFailure: there is no such rule.
    """
    from registry_reconciler.rules.own.load import definitions

    loaded = planning.loaded
    found, problems = definitions(loaded)
    stems = {path.rpartition("/")[2].rpartition(".")[0]: path for path in loaded.rule_files.files}
    wanted = [code.upper() for code in codes] or [*stems]
    for code in wanted:
        if code not in stems and code not in {problem.code for problem in found}:
            raise UsageFailure(
                f"the workspace has no rule {code!r}.{did_you_mean(code, sorted(stems))}",
                next=(("registry", "rule", "new", code),),
            )
    chosen = [problem for problem in found if problem.code in wanted]
    files = {stems.get(code, "") for code in wanted}
    reading = [problem for source in loaded.rule_files.files.values() for problem in source.problems]
    faults = [
        problem
        for problem in (*reading, *problems)
        if problem.place.file in files and problem.code != "RUL002"
    ]
    messages = [f"{fault.place.file}: {fault.message}" for fault in faults]
    silent = files - {
        "",
        *(definition.path for definition in chosen),
        *(fault.place.file for fault in faults),
    }
    if not any("not installed" in message for message in messages):
        messages += [f"{path}: it is about a kind whose schema cannot be used." for path in sorted(silent)]
    return chosen, messages
