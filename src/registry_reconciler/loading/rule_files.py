"""The rule files of a workspace, as they were read. What they say is understood by ``rules/own``, if there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.model.config import RULES_FOLDER
from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Problem, Severity
from registry_reconciler.model.structural import problem


class DeclaredRule(Struct, frozen=True):
    """What the file of a rule says of it; whether its expressions can be used is not asked.

    Attributes:
        kinds: whose entries it judges, or the two kinds of a pair.
    """

    code: str
    title: str
    severity: Severity
    kinds: tuple[str, ...]


class RuleFiles(Struct, frozen=True):
    """The files by path, and what kept them from being read."""

    files: Mapping[str, SourceFile] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def declared(self) -> Iterator[DeclaredRule]:
        """The rules whose files have all that is told of a rule, by the name of the file, which is that of the code."""
        for source in self.files.values():
            content = source.documents[0] if len(source.documents) == 1 else None
            if not isinstance(content, dict):
                continue
            code, title, judged = (content.get(name) for name in ("code", "title", "for"))
            kinds = list(judged.values()) if isinstance(judged, dict) else judged
            kinds = [kinds] if isinstance(kinds, str) else kinds
            severity = content.get("severity", Severity.ERROR.value)
            if (
                isinstance(code, str)
                and isinstance(title, str)
                and isinstance(kinds, list)
                and severity in [level.value for level in Severity]
            ):
                yield DeclaredRule(code, title, Severity(severity), tuple(str(kind) for kind in kinds))


def load_rule_files(tree: Tree) -> RuleFiles:
    """Read ``.system/registry/rules/*.yaml``; nothing where the folder is not there."""
    try:
        names = sorted(name for name, kind in tree.children(RULES_FOLDER) if kind != "dir")
    except UnreadablePath as fault:
        message = f"{RULES_FOLDER}/ cannot be listed: {fault}."
        return RuleFiles({}, (problem("LIV001", message, Place(RULES_FOLDER), fix="Make it readable."),))
    found = {}
    for name in names:
        if name.endswith((".yaml", ".yml")):
            source = read_source(tree, f"{RULES_FOLDER}/{name}")
            if source is not None:
                found[source.path] = source
    return RuleFiles(found, tuple(problem for source in found.values() for problem in source.problems))
