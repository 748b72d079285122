"""The rules: one table of the families of codes, each with what it is about and its rules.

To add a rule: in the module of its family a function that judges, its row below that, and its name in the module's
``RULES``; its page in ``pages/``; a row with what its example gives in ``tests/rules/test_examples.py``. Everything
else follows from the row and the page. To add a family: a module, and a row here.
"""

from __future__ import annotations

from msgspec import Struct

from registry_reconciler.rules import (
    abilities,
    capabilities,
    comments,
    fleet,
    hooks,
    identity,
    mirrors,
    modules,
    paths,
    plain_text,
    references,
    routes,
    structural,
    texts,
    unique,
    unmanaged,
)
from registry_reconciler.rules.base import Rule


class Family(Struct, frozen=True):
    """Codes with the same letters: what they are about, and their rules."""

    letters: str
    title: str
    rules: tuple[Rule, ...]


FAMILIES = (
    Family("IDN", "Identity", identity.RULES),
    Family("REF", "References", references.RULES),
    Family("TXT", "Texts that deceive", texts.RULES),
    Family("TYP", "Plain texts and other readers", plain_text.RULES),
    Family("CMT", "Comments", comments.RULES),
    Family("UNQ", "Unique values", unique.RULES),
    Family("FLT", "Fleets of repositories", (*fleet.RULES, *structural.of("FLT"))),
    Family("UNM", "Entries that no fragment owns", unmanaged.RULES),
    Family("MIR", "Mirrors", mirrors.RULES),
    Family("PTH", "Paths that kinds declare", paths.RULES),
    Family("MOD", "Modules", modules.RULES),
    Family("RTE", "Routes", routes.RULES),
    Family("ABL", "Abilities", abilities.RULES),
    Family("HOK", "Hooks", hooks.RULES),
    Family("CAP", "Capabilities", capabilities.RULES),
    # What the stages find themselves: these have no function here.
    Family("YML", "YAML texts", structural.of("YML")),
    Family("JSN", "JSON texts", structural.of("JSN")),
    Family("FRM", "Front matter", structural.of("FRM")),
    Family("TML", "TOML texts", structural.of("TML")),
    Family("SCH", "Schemas", structural.of("SCH")),
    Family("KND", "Kinds", structural.of("KND")),
    Family("FRG", "Fragments", structural.of("FRG")),
    Family("LIV", "Live registries", structural.of("LIV")),
    Family("STA", "State", structural.of("STA")),
    Family("RUL", "Rules of one's own", structural.of("RUL")),
    Family("WRT", "Writing", structural.of("WRT")),
    Family("OUT", "Outputs", structural.of("OUT")),
    Family("BRK", "Safety brakes", structural.of("BRK")),
    Family("CFG", "Settings", structural.of("CFG")),
)
"""Every family, in the order of the documentation."""

RULES: tuple[Rule, ...] = tuple(
    rule for family in FAMILIES for rule in family.rules if rule.check or rule.transition
)
"""Every rule that judges an entry set or a change of it, by family."""


def all_rules() -> tuple[Rule, ...]:
    """Every code there is, by family."""
    return tuple(rule for family in FAMILIES for rule in family.rules)


def by_code(code: str) -> Rule | None:
    """The rule of a code, in any case; ``None`` for an unknown one."""
    return next((rule for rule in all_rules() if rule.code == code.upper()), None)
