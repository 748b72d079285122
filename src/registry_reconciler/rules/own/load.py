"""Rule files of a workspace to definitions, every slip as a problem with its place."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.expressions.language import Language, LanguageMissing, language
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import Json, Place
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.rules.own.definition import OwnRule, Slip, define

MOST_RULES = 1_000
"""So many rule files are taken."""

_INSTALL = "Install it: pip install 'registry-reconciler[rules]'"


def definitions(loaded: Loaded) -> tuple[list[OwnRule], list[Problem]]:
    """The usable rules by code, and what is wrong with the others."""
    problems: list[Problem] = []
    found: dict[str, OwnRule] = {}
    try:
        known = language({})
    except LanguageMissing:
        first = next(iter(loaded.rule_files.files))
        message = "the workspace has rules of its own, and the library that evaluates them is not installed."
        return [], [problem("RUL001", message, Place(first), fix=_INSTALL)]
    for number, source in enumerate(loaded.rule_files.files.values()):
        if number >= MOST_RULES:
            message = (
                f"there are more than {MOST_RULES:,} rule files; this one and those after it are not used."
            )
            problems.append(problem("RUL001", message, Place(source.path), fix="Write fewer rules."))
            break
        if not source.readable:
            continue
        definition = _defined(source, loaded, known, found, problems)
        if definition is not None:
            found[definition.code] = definition
            problems += _costs(definition)
    return [found[code] for code in sorted(found)], problems


def _defined(
    source: SourceFile,
    loaded: Loaded,
    known: Language,
    found: dict[str, OwnRule],
    problems: list[Problem],
) -> OwnRule | None:
    from registry_reconciler.schema.validator import rule_violations

    place = Place(source.path)
    if len(source.documents) != 1 or not isinstance(source.documents[0], dict):
        message = f"{source.path} must hold one mapping: a rule."
        problems.append(problem("RUL001", message, place, fix="See 'registry schema rule'."))
        return None
    content = source.documents[0]
    violations = rule_violations(content)
    if violations:
        problems += (
            problem(
                "RUL001",
                violation.message,
                place.at(violation.path, on_key=violation.on_key),
                path=violation.path,
                fix=violation.fix,
                extra=violation.message,
            )
            for violation in violations
        )
        return None
    fault = _misnamed(source.path, content, found)
    if fault is None:
        try:
            return define(content, source.path, loaded.kinds, loaded.catalog.schemas.folder, known)
        except Slip as slip:
            fault = slip
    if _about_broken(content, loaded):
        return None  # what is wrong with the kind is said; of it nothing is known
    problems.append(
        problem(
            "RUL001",
            f"{content['code']}: {_sentence(fault.message)}",
            place.at(fault.path),
            path=fault.path,
            fix=fault.fix,
        )
    )
    return None


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _misnamed(path: str, content: dict[str, Json], found: dict[str, OwnRule]) -> Slip | None:
    code = content["code"]
    stem = path.rpartition("/")[2].rpartition(".")[0]
    if code in found:
        return Slip(
            f"{found[code].path} has this code already", ("code",), "Give one of the two another code."
        )
    if stem != code:
        return Slip(
            f"the file is called {stem!r}, and a rule's file has the name of its code",
            ("code",),
            f"Rename the file to {code}.yaml.",
        )
    return None


def _about_broken(content: dict[str, Json], loaded: Loaded) -> bool:
    """Whether it may be about a kind whose schema cannot be used."""
    text = repr(content)
    return any(repr(kind) in text or f'"{kind}"' in text for kind in loaded.catalog.broken)


def _costs(definition: OwnRule) -> Iterator[Problem]:
    if definition.quadratic:
        yield problem(
            "RUL002",
            f"{definition.code} goes through all entries of a kind for each entry that it judges.",
            Place(definition.path, 0, (definition.quadratic,)),
            path=(definition.quadratic,),
            fix="Ask an index: entries(kind, field, value) gives those with a value, ref(kind, key) one, "
            "referrers(kind) those that refer to this one.",
        )
    elif definition.right and definition.join is None:
        yield problem(
            "RUL002",
            f"{definition.code} looks at every pair of entries.",
            Place(definition.path, 0, ("for",)),
            path=("for",),
            fix="Begin 'when' with an equality, such as left.topic == right.topic: only those pairs count then.",
        )
