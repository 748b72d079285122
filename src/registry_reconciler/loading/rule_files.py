"""The rule files of a workspace, as they were read. What they say is understood by ``rules/own``, if there are any."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.model.config import RULES_FOLDER
from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem


class RuleFiles(Struct, frozen=True):
    """The files by path, and what kept them from being read."""

    files: Mapping[str, SourceFile] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load_rule_files(tree: Tree) -> RuleFiles:
    """Read ``.system/registry/rules/*.yaml``; nothing where the folder is not there."""
    try:
        names = sorted(name for name, kind in tree.children(RULES_FOLDER) if kind != "dir")
    except Unreadable as fault:
        message = f"{RULES_FOLDER}/ cannot be listed: {fault}."
        return RuleFiles({}, (problem("LIV001", message, Place(RULES_FOLDER), fix="Make it readable."),))
    found = {}
    for name in names:
        if name.endswith((".yaml", ".yml")):
            source = read_source(tree, f"{RULES_FOLDER}/{name}")
            if source is not None:
                found[source.path] = source
    return RuleFiles(found, tuple(problem for source in found.values() for problem in source.problems))
