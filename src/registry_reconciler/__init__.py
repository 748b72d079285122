"""Plan and apply registries kept in YAML, JSON, TOML and front matter.

Importing this package imports none of its parts: a program that only wants
``registry_reconciler.runtime`` does not pay for the planning side.
"""

from __future__ import annotations

from registry_reconciler.version import __version__

# typing is not imported for this: the program sets up how it is interrupted only after this module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from registry_reconciler.model.plan import Plan, PlanOptions
    from registry_reconciler.model.problem import Problem, Severity
    from registry_reconciler.workspace import ApplyResult, Workspace

_HOMES = {
    "ApplyResult": "workspace",
    "Plan": "model.plan",
    "PlanOptions": "model.plan",
    "Problem": "model.problem",
    "Severity": "model.problem",
    "Workspace": "workspace",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["ApplyResult", "Plan", "PlanOptions", "Problem", "Severity", "Workspace", "__version__"]
