"""Rules of a workspace's own: one file each in ``.system/registry/rules/``, written in CEL.

The door is :func:`own_rules`. A file becomes a :class:`~.definition.Definition` (compiled, its fields held against the
schemas), and that a :class:`~registry_reconciler.rules.base.Rule` like those of the package, so that severities,
allowances, baseline, reports and plans of a part need know nothing of it. Expressions are evaluated in a child
(``worker``), which can be ended. Nothing here is imported where a workspace has no rule file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.plan import RuleText
from registry_reconciler.model.problem import Problem
from registry_reconciler.rules.base import Rule


class LookedUp(Struct, frozen=True):
    """By what rules look entries up that are not the one that they judge, besides by their addresses.

    Attributes:
        fields: by kind, the fields that ``entries(kind, field, value)`` names.
        referrers: the kinds that ``referrers(kind)`` names.
    """

    fields: Mapping[str, Sequence[str]] = {}
    referrers: Sequence[str] = ()


class OwnRules(Struct, frozen=True):
    """The rules of a workspace, by code, and what is wrong with their files.

    Attributes:
        paths: the file of each code.
        looked_up: by what they look up entries.
        looked: gives what was looked up for each address, when all has been judged.
        codes: those of every file, also of one that cannot be used.
        close: ends what evaluates them, when all has been judged.
    """

    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()
    paths: Mapping[str, str] = {}
    codes: frozenset[str] = frozenset()
    looked_up: LookedUp = LookedUp()
    looked: Callable[[], Mapping[str, Collection[str]]] = dict
    close: Callable[[], None] = lambda: None

    @property
    def written(self) -> tuple[Rule, ...]:
        """Those that have a file, without what says which of them could not be judged."""
        return tuple(rule for rule in self.rules if rule.code in self.paths)

    def texts(self) -> dict[str, RuleText]:
        """What they say of themselves, for reports."""
        return {
            rule.code: RuleText(rule.title, rule.severity, rule.page.summary, rule.page.why, rule.page.fix)
            for rule in self.written
        }

    def by_code(self, code: str) -> Rule | None:
        """The rule of a code, in any case."""
        wanted = code.upper()
        return next((rule for rule in self.written if rule.code == wanted), None)


NO_RULES = OwnRules()


def own_rules(loaded: Loaded) -> OwnRules:
    """The rules of a workspace. Their files are read already."""
    if not loaded.rule_files.files:
        return NO_RULES
    from registry_reconciler.rules.own.judge import OwnRuleJudge
    from registry_reconciler.rules.own.load import definitions

    found, problems = definitions(loaded)
    judge = OwnRuleJudge(found, loaded.kinds)
    config = loaded.config
    settled = tuple(
        problem
        if problem.structural
        else replace(problem, severity=config.severity(problem.code, problem.severity))
        for problem in problems
    )
    paths = {problem.code: problem.path for problem in found}
    stems = {path.rpartition("/")[2].rpartition(".")[0] for path in loaded.rule_files.files}
    fields: dict[str, list[str]] = {}
    for kind, field in sorted({index for definition in found for index in definition.indexes}):
        fields.setdefault(kind, []).append(field)
    return OwnRules(
        tuple(judge.rules()),
        settled,
        paths,
        frozenset({*paths, *stems}),
        LookedUp(fields, sorted({kind for definition in found for kind in definition.referrers})),
        lambda: judge.looked,
        judge.close,
    )
