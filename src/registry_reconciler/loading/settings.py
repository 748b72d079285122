"""Settings and baseline of a workspace; defaults where a file is absent or invalid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import SHOW_ALL
from registry_reconciler.loading.required_version import require_of
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.model.baseline import Baseline, parse_baseline
from registry_reconciler.model.config import BASELINE_PATH, CONFIG_PATH, Config, catalog_fault, parse_config
from registry_reconciler.model.entry import Json, Place
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem

if TYPE_CHECKING:
    from registry_reconciler.schema.validator import Violation


def load_config(tree: Tree) -> tuple[Config, tuple[Problem, ...], dict[str, SourceFile]]:
    """The settings; defaults where the file is absent or invalid.

    Raises:
        VersionRequired: they ask for another version of this program.
    """
    from registry_reconciler.schema.validator import config_violations

    source = read_source(tree, CONFIG_PATH)
    if source is None:
        return Config(), (), {}
    content, problems = _single(source, "CFG001")
    require_of(content)
    if source.hidden:
        problems.append(_hidden_setting(source))
    found = [*source.problems, *problems]
    violations = [] if problems or not source.readable else config_violations(content)
    found.extend(violation("CFG001", Place(CONFIG_PATH), finding) for finding in violations)
    if not violations and not problems and source.readable:
        problems += _catalog_problems(content)
        found += problems
    config = Config() if violations or problems or not source.readable else parse_config(content)
    return config, tuple(found), {CONFIG_PATH: source}


def _catalog_problems(content: Json) -> list[Problem]:
    """A catalogue that cannot be one. What stands there is not repeated: it may be a password."""
    catalog = (content or {}).get("catalog") or ""
    url, path = (catalog, ("catalog",)) if isinstance(catalog, str) else (catalog["url"], ("catalog", "url"))
    fault = catalog_fault(url) if url else ""
    if not fault:
        return []
    return [
        problem(
            "CFG001",
            f"catalog {fault}.",
            Place(CONFIG_PATH, 0, path),
            path=path,
            fix="Write sqlite:///… or postgresql+psycopg://user@host/database.",
            extra="catalog",
        )
    ]


def load_baseline(tree: Tree) -> tuple[Baseline, tuple[Problem, ...], dict[str, SourceFile]]:
    """The known problems of an old repository; empty where there is no file."""
    source = read_source(tree, BASELINE_PATH)
    if source is None:
        return Baseline(), (), {}
    content, problems = _single(source, "CFG002")
    if source.hidden:
        problems.append(_hidden_setting(source))
    if problems or not source.readable:
        return Baseline(), (*source.problems, *problems), {BASELINE_PATH: source}
    baseline, faults = parse_baseline(content)
    found = tuple(
        problem("CFG002", message, Place(BASELINE_PATH, 0, path), fix="Write it anew: registry baseline")
        for message, path in faults
    )
    return baseline, (*source.problems, *found), {BASELINE_PATH: source}


def _hidden_setting(source: SourceFile) -> Problem:
    message = f"{source.path} cannot be read, and decides about every plan: a sparse checkout hides it."
    return problem("LIV001", message, Place(source.path), fix=SHOW_ALL)


def _single(source: SourceFile, code: str) -> tuple[Json, list[Problem]]:
    if len(source.documents) > 1:
        place = Place(source.path, 1)
        return None, [
            problem(code, f"{source.path} must hold one document.", place, fix="Remove the others.")
        ]
    return (source.documents[0] if source.documents else None), []


def violation(code: str, place: Place, violation: Violation, **more: str) -> Problem:
    """What a schema forbids, as a problem of its file."""
    return problem(
        code,
        violation.message,
        place.at(violation.path, on_key=violation.on_key),
        path=violation.path,
        fix=violation.fix,
        extra=violation.message,
        **more,  # type: ignore[arg-type]
    )
