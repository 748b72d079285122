"""The coordination rules: one module a family, and this one table of all of them."""

from __future__ import annotations

from registry_reconciler.rules import (
    abilities,
    capabilities,
    hooks,
    identity,
    modules,
    paths,
    references,
    routes,
    unique,
)
from registry_reconciler.rules.base import Rule

RULES: tuple[Rule, ...] = (
    *identity.RULES,
    *references.RULES,
    *unique.RULES,
    *paths.RULES,
    *modules.RULES,
    *routes.RULES,
    *abilities.RULES,
    *hooks.RULES,
    *capabilities.RULES,
)
"""Every rule that judges a world or a change of it, by family."""


def all_rules() -> tuple[Rule, ...]:
    """Every code there is: the coordination rules, then what the stages find themselves (texts only)."""
    from registry_reconciler.rules.structural import STRUCTURAL

    return (*RULES, *STRUCTURAL)


def by_code(code: str) -> Rule | None:
    """The rule of a code, in any case; ``None`` for an unknown one."""
    return next((rule for rule in all_rules() if rule.code == code.upper()), None)
