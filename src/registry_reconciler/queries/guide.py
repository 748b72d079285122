"""The documents that are generated from rules and kinds, so that they are never out of date.

``docs/rules/`` of this repository, and ``registry_coordination.md`` and ``AGENTS.md`` of a workspace. Pure
functions from rules and kinds to text; the thin edge is
``python -m registry_reconciler.queries.guide --check|--write [ROOT]``.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from registry_reconciler.model.kind import SCHEMA_FOLDER
from registry_reconciler.model.problem import Severity
from registry_reconciler.outputs.pages import workspace_files
from registry_reconciler.rules import FAMILIES, all_rules
from registry_reconciler.rules.base import Rule

RULES_FOLDER = "docs/rules"


def explain(rule: Rule) -> str:
    """What ``registry explain CODE`` prints: plain text, at most 80 columns but for the examples."""
    page = rule.page
    parts = [
        f"{rule.code}: {rule.title}",
        _strength(rule),
        _fill(page.summary),
        _fill(f"Why: {page.why}"),
    ]
    examples = (("For example, this gives it", page.example), ("Use instead", page.use_instead))
    for title, text in examples:
        if text:  # a rule of a workspace may have none
            parts.append(f"{title}:\n\n" + textwrap.indent(_visible(text).rstrip("\n"), "    "))
    parts.append(_fill(f"Fix: {page.fix}"))
    return "\n\n".join(parts) + "\n"


def _fill(text: str) -> str:
    # Options such as --allow-mass-delete must stay whole to be copied.
    return "\n\n".join(
        textwrap.fill(paragraph, 80, break_on_hyphens=False, break_long_words=False)
        for paragraph in text.split("\n\n")
    )


def rule_page(rule: Rule) -> str:
    """The page of one rule, ``docs/rules/<CODE>.md``."""
    return f"{rule_markdown(rule)}\n[All rules](README.md)\n"


def rule_markdown(rule: Rule) -> str:
    """What a rule's page says: that of the package, below its title."""
    text = rule.page.text.rstrip("\n").replace("```yaml escaped\n", "```yaml\n")
    parts = [f"# {rule.code}: {rule.title}", _strength(rule), text]
    if rule.relations:
        lines = "\n".join(f"- When {relation.when}: check {relation.check}." for relation in rule.relations)
        parts.append(f"## When something changes\n\n{lines}")
    return "\n\n".join(parts) + "\n"


def _visible(example: str) -> str:
    """An example with its odd characters escaped; those of YAML texts are full of them."""
    return "".join(
        character if character == "\n" or character.isprintable() else f"\\x{ord(character):02x}"
        for character in example
    )


def _strength(rule: Rule) -> str:
    if rule.structural:
        never = "it cannot be lowered, allowed, baselined or skipped"
        return f"Severity: {rule.severity.value}. Structural: {never}."
    means = {
        Severity.ERROR: "it blocks the plan",
        Severity.WARNING: "it is shown",
        Severity.RECORD: "it is only logged",
    }
    return (
        f"Severity: {rule.severity.value} ({means[rule.severity]}), unless the configuration says otherwise."
    )


def rule_index() -> str:
    """The page of all rules, ``docs/rules/README.md``."""
    lines = [
        "# Rules",
        "",
        "Every problem has a code. `registry explain CODE` shows the same text in the terminal.",
        "",
        "An error blocks the plan, a warning is shown, a record is only logged. Severities are",
        "set by code or family under `severities` in `.system/registry/config.yaml`; codes marked",
        "with * are structural and keep theirs.",
    ]
    for family in FAMILIES:
        lines += ["", f"## {family.title} ({family.letters})", ""]
        lines += ["| code | what | severity |", "| --- | --- | --- |"]
        for rule in family.rules:
            mark = "*" if rule.structural else ""
            lines.append(f"| [{rule.code}]({rule.code}.md){mark} | {rule.title} | {rule.severity.value} |")
    return "\n".join(lines) + "\n"


def rule_files() -> dict[str, str]:
    """Every generated page of ``docs/rules``, by path."""
    pages = {f"{RULES_FOLDER}/{rule.code}.md": rule_page(rule) for rule in all_rules()}
    return {f"{RULES_FOLDER}/README.md": rule_index(), **pages}


def generated_files(root: Path) -> dict[str, str]:
    """What is generated in this repository: the pages of the rules, and its own workspace's files."""
    files = rule_files()
    if (root / SCHEMA_FOLDER).is_dir():
        from registry_reconciler.files.tree import DiskTree
        from registry_reconciler.loading.catalog import load_catalog
        from registry_reconciler.loading.rule_files import load_rule_files
        from registry_reconciler.loading.settings import load_config

        tree = DiskTree(root)
        own = load_rule_files(tree).declared()
        files.update(workspace_files(load_catalog(tree).kinds, load_config(tree)[0], own))
    return files


def stale(root: Path, files: Mapping[str, str]) -> list[str]:
    """The paths that are not as generated, or that are pages of codes that are no more."""
    found = [path for path, text in files.items() if _text(root / path) != text]
    pages = sorted((root / RULES_FOLDER).glob("*.md"))
    return found + [page for page in (f"{RULES_FOLDER}/{page.name}" for page in pages) if page not in files]


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def write(root: Path, files: Mapping[str, str]) -> list[str]:
    """Write what is stale, remove pages that are no more, and return the paths concerned."""
    from registry_reconciler.apply.files import remove_cache, write_report

    changed = stale(root, files)
    for path in changed:
        target = root / path
        if path in files:
            write_report(target, files[path].encode("utf-8"), parents=True)
        else:
            remove_cache(target)
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Check (exit 1 on a difference) or write the generated files of this repository."""
    parser = argparse.ArgumentParser(
        prog="python -m registry_reconciler.queries.guide", description=main.__doc__
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="say which files are not as generated")
    mode.add_argument("--write", action="store_true", help="write them")
    parser.add_argument("root", nargs="?", type=Path, default=Path())
    chosen = parser.parse_args(arguments)
    files = generated_files(chosen.root)
    changed = write(chosen.root, files) if chosen.write else stale(chosen.root, files)
    verb = "wrote" if chosen.write else "not as generated:"
    sys.stdout.writelines(f"{verb} {path}\n" for path in changed)
    return 1 if changed and chosen.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
