"""The codes that the stages themselves find, as rules: for the pages, ``explain`` and tables of all codes.

A stage raises them through :mod:`registry_reconciler.model.structural` and
:mod:`registry_reconciler.formats.codes`, whose
tables give titles and severities. To add one: its row there, and its page in ``rules/pages/``.
"""

from __future__ import annotations

from registry_reconciler.formats.codes import TITLES
from registry_reconciler.model.problem import Severity
from registry_reconciler.model.structural import CODES, LOWERABLE
from registry_reconciler.rules.base import Rule

YAML_WARNINGS = frozenset({"YML009"})
"""Faults of a YAML text that leave it readable."""

STRUCTURAL: tuple[Rule, ...] = (
    *(
        Rule(code, title, Severity.WARNING if code in YAML_WARNINGS else Severity.ERROR, structural=True)
        for code, title in TITLES.items()
    ),
    *(
        Rule(code, title, severity, structural=code not in LOWERABLE)
        for code, (title, severity) in CODES.items()
    ),
)
"""The codes of the stages, without checks: reading, schemas, fragments, state, writing, brakes."""


def of(letters: str) -> tuple[Rule, ...]:
    """Those of one family."""
    return tuple(rule for rule in STRUCTURAL if rule.family == letters)
