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
        "For example, this gives it:\n\n" + textwrap.indent(_visible(page.example).rstrip("\n"), "    "),
    ]
    if page.use_instead:
        parts.append("Use instead:\n\n" + textwrap.indent(_visible(page.use_instead).rstrip("\n"), "    "))
    parts.append(_fill(f"Fix: {page.fix}"))
    return "\n\n".join(parts) + "\n"


def _fill(text: str) -> str:
    # Options such as --allow-mass-delete must stay whole to be copied.
    return textwrap.fill(text, 80, break_on_hyphens=False, break_long_words=False)


def rule_page(rule: Rule) -> str:
    """The page of one rule, ``docs/rules/<CODE>.md``: that of the package, below its title."""
    text = rule.page.text.rstrip("\n").replace("```yaml escaped\n", "```yaml\n")
    parts = [f"# {rule.code}: {rule.title}", _strength(rule), text]
    if rule.relations:
        lines = "\n".join(f"- When {one.when}: check {one.check}." for one in rule.relations)
        parts.append(f"## When something changes\n\n{lines}")
    parts.append("[All rules](README.md)")
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


<<<<<<< HEAD
def coordination_page(kinds: Mapping[str, Kind], config: Config | None = None) -> str:
    """``registry_coordination.md``: for each relation, when what changes, what to check, and how strictly."""
    settings = config or Config()
    parts = [
        "# Coordination rules",
        "Generated from the schemas and the rules; edits are lost. The registries of this\n"
        "workspace depend on each other. Every plan checks what is listed here on the workspace\n"
        "as it would be after the plan, so entries that need each other can change together.\n"
        "`registry explain CODE` tells more of each rule.",
    ]
    for section in SECTIONS:
        rows = list(_relation_rows(section, kinds, settings))
        if rows:
            parts.append(_table(f"## {section.title}", ("when", "check", "rule", "which"), rows))
    rows = list(_reference_rows(kinds, settings))
    if rows:
        parts.append(
            _table("## References between kinds", ("when one goes of", "check", "rule", "which"), rows)
        )
    parts.append(
        "## How strict\n\n"
        "What fails the write stops `registry apply` until it is fixed, or accepted under `allow`\n"
        "in a fragment with a reason. Severities are set in `.system/registry/config.yaml`;\n"
        "duplicate and shadowed ids, and what concerns reading and writing, are structural and\n"
        "cannot be lowered."
    )
    return "\n\n".join(parts) + "\n"


def _relation_rows(section: Section, kinds: Mapping[str, Kind], config: Config) -> Iterator[tuple[str, ...]]:
    if not all(any(kind in kinds for kind in group) for group in section.kinds):
        return
    for rule in RULES:
        if not {*rule.needs} <= {kind.role for kind in kinds.values()}:
            continue
        for relation in rule.relations:
            if relation.between == section.between:
                effect = EFFECTS[config.severity(rule.code, rule.severity)]
                yield relation.when, relation.check, f"{rule.code}: {rule.title}", effect


def _reference_rows(kinds: Mapping[str, Kind], config: Config) -> Iterator[tuple[str, ...]]:
    for _, kind in sorted(kinds.items()):
        for reference in kind.references:
            effect = EFFECTS[config.severity("REF001", reference.missing)]
            yield _targets(reference), f"`{kind.name}.{reference.field.text}`", "REF001", effect


def _targets(reference: Reference) -> str:
    return " or ".join(f"`{name}`" for name in reference.kinds)


def agents_page(kinds: Mapping[str, Kind]) -> str:
    """``AGENTS.md`` of a workspace: every kind, and how to work with the registries."""
    rows = [
        (
            f"`{kind.name}`",
            f"`{kind.schema_path}`",
            f"`{kind.file.text}`",
            " + ".join(f"`{one.text}`" for one in kind.key),
            _purpose(kind),
        )
        for _, kind in sorted(kinds.items())
    ]
    table = _table("## Kinds", ("kind", "schema", "content files", "key", "purpose"), rows)
    return _AGENTS.replace("{kinds}", table)


def _purpose(kind: Kind) -> str:
    from registry_reconciler.base.escape import markdown

    return markdown(" ".join((kind.description or kind.title).split()))


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [title, "", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


_AGENTS = """\
# Working with the registries

Generated from the schemas; edits are lost. For agents, and for people in a hurry.

What is registered stands in the content files below. You do not edit those files. You say what should be
registered in fragments, YAML files under `desired/`, and `registry` makes the content files agree. The
registries and everything under `.system/registry/state` change only through `registry`; an edit by hand
there is drift: it is left, and reported.

{kinds}

`registry schema KIND` prints the schema of a kind and `registry schema KIND --example` an entry to start
from. How kinds depend on each other: `.system/registry/registry_coordination.md`.

## The loop

1. `registry plan --brief` says what would change and what is wrong. It never writes.
2. Fix what blocks: each problem has a code, a place and a fix. `registry fix` applies the safe fixes to
   the fragments; `registry explain CODE` tells what a code means. Then plan again.
3. `registry apply --expect PLAN_ID` writes just the plan that you read. Commit fragments, registries and
   state together.

With `--format json`, every command tells in `next` what to run next, as argument lists.

## How to …

- **add an entry**: write it under its kind in a fragment, or `registry add KIND --entry-file FILE`.
- **change an entry**: `registry show ADDRESS` tells which fragment has it. A fragment owns its entries
  whole: what it does not say is not there.
- **rename an entry**: change its key in the fragment and say so, or it becomes a deletion and a creation:
  `moved: [{from: KIND/OLD, to: KIND/NEW}]`. Change what refers to it in the same plan.
- **delete an entry**: remove it from its fragment. To stop managing it and leave it where it is:
  `removed: [{address: KIND/KEY, keep: true}]`.
- **take over entries that are there**: `registry adopt GLOB`.
- **answer drift** (somebody edited a registry by hand): `registry drift` shows it; `registry drift
  --accept ADDRESS` takes it over, `registry drift --revert ADDRESS` undoes it.
- **resolve a merge conflict**: make of the fragments under `desired/` and of the content files what they
  are to be, by hand or with one side; then `registry resolve` settles the state, and `registry apply`.
- **accept a known problem**: `allow: [{address: KIND/KEY, code: CODE, reason: why}]` in a fragment. Ask
  first.

An address is `kind/key`, e.g. `ability_low/payments.capture`.

## Exit codes

| exit | meaning |
| --- | --- |
| 0 | done, or nothing to do; for `plan`: nothing blocks |
| 1 | the command failed: I/O, lock held, other plan than expected, interrupted apply (`registry recover`) |
| 2 | there are changes (`plan --detailed-exitcode`, `fmt --check`), or there is drift (`drift`) |
| 3 | blocked: a problem must be fixed first; nothing was written |
| 64 | the call is wrong: an unknown option, address or code |

## What not to do

- Do not edit content files or state, and do not delete them to get rid of a problem.
- `--no-check` is not for agents: it skips the coordination rules, is logged, and shows in the plan. So
  are `--overwrite` and `--allow-mass-delete`, unless a person asked for just that.
- Do not lower a severity, add to the baseline or change a schema to make a plan pass; the plan says so at
  its head.
"""


=======
>>>>>>> main
def rule_files() -> dict[str, str]:
    """Every generated page of ``docs/rules``, by path."""
    pages = {f"{RULES_FOLDER}/{rule.code}.md": rule_page(rule) for rule in all_rules()}
    return {f"{RULES_FOLDER}/README.md": rule_index(), **pages}


def generated_files(root: Path) -> dict[str, str]:
    """What is generated in this repository: the pages of the rules, and its own workspace's files."""
    files = rule_files()
    if (root / SCHEMA_FOLDER).is_dir():
        from registry_reconciler.files.tree import DiskTree
        from registry_reconciler.loading.workspace import load_catalog, load_config

        tree = DiskTree(root)
        files.update(workspace_files(load_catalog(tree).kinds, load_config(tree)[0]))
    return files


def stale(root: Path, files: Mapping[str, str]) -> list[str]:
    """The paths that are not as generated, or that are pages of codes that are no more."""
    found = [path for path, text in files.items() if _text(root / path) != text]
    pages = sorted((root / RULES_FOLDER).glob("*.md"))
    return found + [page for page in (f"{RULES_FOLDER}/{one.name}" for one in pages) if page not in files]


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
