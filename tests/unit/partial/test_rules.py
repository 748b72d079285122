"""Which rules plans of a part rely on."""

from __future__ import annotations

from registry_reconciler.builtin import builtin_schemas
from registry_reconciler.partial.memory import ARGUED
from registry_reconciler.rules import RULES

OF_OTHER_KINDS = {
    # Rules that need no built-in kind to be there, and look at nothing else all the same.
    **dict.fromkeys(
        ("ABL003", "ABL004", "ABL005", "ABL006", "ABL007", "ABL009", "ABL010", "CAP001"), "abilities"
    ),
    **dict.fromkeys(("CAP003", "CAP004", "CAP006"), "abilities and hooks"),
    **dict.fromkeys(("PTH001", "PTH002", "PTH003"), "kinds with paths"),
    "REF005": "kinds with acyclic fields",
}


def test_every_rule_is_argued_for_or_about_kinds_that_are_not_remembered() -> None:
    built_in = set(builtin_schemas())
    general = {rule.code for rule in RULES if not set(rule.needs) & built_in} - OF_OTHER_KINDS.keys()
    assert general | {"SCH001"} == ARGUED
