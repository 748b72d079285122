"""The files that cannot be read, so that an answer does not know what they hold."""

from __future__ import annotations

from registry_reconciler.model.plan import Plan

_HIDES = frozenset({"LIV001", "KND001", "KND004", "SCH002", "CFG001", "STA004"})
"""Codes of problems, beside those of YAML, that keep a file's content, or all entries of a kind, from being seen."""


def unseen(plan: Plan) -> tuple[str, ...]:
    """The files that cannot be read, each with its place and why: what they hold is not in any answer."""
    from registry_reconciler.model.structural import TEXT_FAMILIES

    found = [
        problem
        for problem in plan.problems
        if problem.structural
        and (problem.blocking or problem.aside)
        and (problem.code in _HIDES or problem.code.startswith(TEXT_FAMILIES))
    ]
    return tuple(
        problem.message
        if problem.message.startswith(f"{problem.place.file} ")
        else f"{problem.where()}: {problem.message}"
        for problem in found
    )
