"""Checks that are held less strictly than before: what a reviewer must not miss in a change of settings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from registry_reconciler.loading.catalog import Catalog
from registry_reconciler.loading.directives import Allowance
from registry_reconciler.model.baseline import Baseline
from registry_reconciler.model.config import Config
from registry_reconciler.model.plan import Notice
from registry_reconciler.model.problem import Severity
from registry_reconciler.model.structural import CODES, LOWERABLE
from registry_reconciler.planning.resolve import Desired

if TYPE_CHECKING:
    from registry_reconciler.loading.rule_files import RuleFiles
    from registry_reconciler.model.entry import Json
    from registry_reconciler.rules.base import Rule

TITLE = "Check weakened"


def _defaults(own: Iterable[Rule]) -> Mapping[str, Severity]:
    from registry_reconciler.rules import RULES

    known = {code: CODES[code][1] for code in LOWERABLE}
    known.update({rule.code: rule.severity for rule in RULES if not rule.structural})
    known.update((rule.code, rule.severity) for rule in own)
    return dict(sorted(known.items()))


def severity_regressions(old: Config, new: Config, own: Iterable[Rule] = ()) -> Iterator[Notice]:
    """Severities that fell, and brakes that were loosened. ``old`` may be the defaults: ``Config()``."""
    for code, default in _defaults(own).items() if old.severities != new.severities else ():
        was, now = old.severity(code, default), new.severity(code, default)
        if now.rank > was.rank:
            yield Notice(TITLE, f"{code} is a {now.value} and was {_an(was)}.")
    if new.mass_delete_percent > old.mass_delete_percent or new.mass_delete_minimum > old.mass_delete_minimum:
        yield Notice(TITLE, "the limit for large deletions is higher.")


def _an(severity: Severity) -> str:
    return f"{'an' if severity is Severity.ERROR else 'a'} {severity.value}"


def allowed(old: tuple[Allowance, ...], new: tuple[Allowance, ...]) -> Iterator[Notice]:
    """Allowances that are new."""
    known = {(problem.address, problem.code) for problem in old}
    for problem in new:
        if (problem.address, problem.code) not in known:
            yield Notice(TITLE, f"{problem.code} is allowed for {problem.address}: {problem.reason}")


def unprotected(old: Desired, new: Desired) -> Iterator[Notice]:
    """Protection that is gone."""
    patterns = {protect.text for protect in new.protects}
    for text in sorted({protect.text for protect in old.protects} - patterns):
        yield Notice(TITLE, f"{text} is no longer protected.")


def baselined(old: Baseline, new: Baseline) -> Iterator[Notice]:
    """Problems that the baseline newly accepts."""
    for code, address, _ in sorted(new.known - old.known, key=repr):
        yield Notice(TITLE, f"the baseline accepts {code} of {address}.")


_JUDGED_BY = ("for", "when", "check")


def rules_changed(old: RuleFiles, new: RuleFiles) -> Iterator[Notice]:
    """Rules of the workspace's own that came, went or say something else.

    Whether one finds less than before is not decidable, so every change of what it judges by is said.
    """
    before, after = _by_code(old), _by_code(new)
    hidden = {_code_of(path) for path, source in new.files.items() if source.hidden}
    for code in sorted({*before, *after} - hidden):
        was, now = before.get(code), after.get(code)
        if now is None:
            yield Notice(TITLE, f"{code} is gone: {_title(was)!r} is not checked any more.")
        elif was is None:
            yield Notice("New rule", f"{code}: {_title(now)}.")
        else:
            yield from _rule_changed(code, was, now)


def _rule_changed(code: str, was: Mapping[str, Json], now: Mapping[str, Json]) -> Iterator[Notice]:
    old, new = _severity(was), _severity(now)
    if new.rank > old.rank:
        yield Notice(TITLE, f"{code} is {_an(new)} and was {_an(old)}.")
    if any(was.get(name) != now.get(name) for name in _JUDGED_BY):
        yield Notice("Rule changed", f"{code} ({_title(now)}) was changed; it may find less.")


def _by_code(files: RuleFiles) -> dict[str, Mapping[str, Json]]:
    """What the rule files say; of one that cannot be read, which blocks by itself, only that it is there."""
    found: dict[str, Mapping[str, Json]] = {}
    for path, source in files.files.items():
        content = source.documents[0] if source.readable and len(source.documents) == 1 else {}
        found[_code_of(path)] = content if isinstance(content, dict) else {}
    return found


def _code_of(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _title(content: Mapping[str, Json] | None) -> str:
    return " ".join(str((content or {}).get("title", "a rule")).split())


def _severity(content: Mapping[str, Json]) -> Severity:
    try:
        return Severity(content.get("severity", "error"))
    except ValueError:
        return Severity.ERROR


def schemas_changed(old: Catalog, new: Catalog) -> Iterator[Notice]:
    """Schema files that differ. Whether a schema got weaker is not decidable in general, so every change is said."""
    for path in sorted({*old.files, *new.files}):
        before, after = old.files.get(path), new.files.get(path)
        if before is not None and after is None:
            yield Notice(TITLE, f"{path} was removed: entries of its kind are not checked any more.")
        elif before is not None and after is not None and before.data != after.data and not after.hidden:
            yield Notice("Schema changed", f"{path} was changed; its checks may be weaker.")
