"""The pages that ship with the product, as outputs of every workspace: functions from kinds and settings to text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.model.config import Config
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.outputs.names import AGENTS_PATH, COORDINATION_PATH
from registry_reconciler.outputs.wording import ended

if TYPE_CHECKING:
    from registry_reconciler.loading.rule_files import DeclaredRule
    from registry_reconciler.model.field_roles import Reference

EFFECTS = {
    Severity.ERROR: "fails the write",
    Severity.WARNING: "warns",
    Severity.RECORD: "records",
}


class Section(Struct, frozen=True):
    """A part of the coordination page: shown where the workspace has a kind of each group."""

    between: str
    title: str
    kinds: tuple[tuple[str, ...], ...] = ()


_ABILITIES = ("ability_low", "ability_high")

SECTIONS = (
    Section("ability and module", "Ability ↔ module instance", (_ABILITIES, ("module_instance",))),
    Section("route and module", "Route ↔ module instance", (("route",), ("module_instance",))),
    Section("hook and ability", "Hook ↔ ability", (("hook",), _ABILITIES)),
    Section("hook and route", "Hook ↔ route", (("hook",), ("route",))),
    Section("interface and module", "Interface ↔ module", (("module_interface",), ("module_instance",))),
    Section("maturity and module", "Maturity ↔ instance", (("module_maturity",), ("module_instance",))),
    Section("module and type", "Module ↔ type", (("module_instance",), ("module_type",))),
    Section("module and module", "Module ↔ module", (("module_instance",),)),
    Section("route and ability", "Route ↔ ability", (("route",), _ABILITIES)),
    Section("ability and ability", "Ability ↔ ability", (_ABILITIES,)),
    Section("hook and hook", "Hook ↔ hook", (("hook",),)),
    Section("module and disk", "Module ↔ files", (("module_instance",),)),
    Section("route and document", "Route ↔ documents", (("route",),)),
    Section("ability and disk", "Ability ↔ files", (_ABILITIES,)),
    Section("hook and disk", "Hook ↔ files", (("hook",),)),
    Section("file and entry", "Files ↔ entries"),
    Section("any entry", "Every entry"),
)


def coordination_page(
    kinds: Mapping[str, Kind], config: Config | None = None, own: Iterable[DeclaredRule] = ()
) -> str:
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
    rows = list(_mirror_rows(kinds, settings))
    if rows:
        parts.append(_table("## Mirrors", ("when one of both changes", "check", "rule", "which"), rows))
    rows = list(_own_rows(own, settings))
    if rows:
        parts.append(_table("## Rules of this workspace", ("when", "check", "rule", "which"), rows))
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
    from registry_reconciler.rules import RULES

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
            code = "FLT001" if reference.in_fleet else "REF001"
            effect = EFFECTS[config.severity(code, reference.missing)]
            yield _targets(reference), f"`{kind.name}.{reference.field.text}`", code, effect


def _mirror_rows(kinds: Mapping[str, Kind], config: Config) -> Iterator[tuple[str, ...]]:
    for _, kind in sorted(kinds.items()):
        for mirror in kind.mirrors:
            effect = EFFECTS[config.severity("MIR001", mirror.differs)]
            both = f"`{kind.name}.{mirror.field.text}` or `{mirror.kind}.{mirror.at.text}`"
            yield both, "the other one", "MIR001", effect


def _own_rows(own: Iterable[DeclaredRule], config: Config) -> Iterator[tuple[str, ...]]:
    """A rule of the workspace's own tells its kinds and its title; its file and ``registry explain`` tell the rest."""
    from registry_reconciler.base.escape import markdown

    for rule in own:
        effect = EFFECTS[config.severity(rule.code, rule.severity)]
        title = markdown(" ".join(rule.title.split()))
        kinds = " or ".join(f"`{kind}`" for kind in rule.kinds if kind.isidentifier())
        yield f"{kinds} changes", title, f"{markdown(rule.code)}", effect


def _targets(reference: Reference) -> str:
    return " or ".join(f"`{name}`" for name in reference.kinds)


def agents_page(kinds: Mapping[str, Kind]) -> str:
    """``AGENTS.md`` of a workspace: every kind, and how to work with the registries."""
    rows = [
        (
            f"`{kind.name}`",
            f"`{kind.schema_path}`",
            f"`{kind.file.text}`",
            " + ".join(f"`{selector.text}`" for selector in kind.key),
            _purpose(kind),
        )
        for _, kind in sorted(kinds.items())
    ]
    table = _table("## Kinds", ("kind", "schema", "content files", "key", "purpose"), rows)
    return _AGENTS.replace("{kinds}", table)


def _purpose(kind: Kind) -> str:
    from registry_reconciler.base.escape import markdown

    purpose = markdown(" ".join((kind.description or kind.title).split()))
    more = ""
    if kind.truth == "live":
        more = "Truth is live: no fragment; `registry set`, `add`, `rename`, `rm` edit its files."
    elif kind.managed == "all":
        more = "Every entry needs a fragment (UNM001)."
    return f"{ended(purpose)} {more}" if purpose and more else purpose or more


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


def workspace_files(
    kinds: Mapping[str, Kind], config: Config | None = None, own: Iterable[DeclaredRule] = ()
) -> dict[str, str]:
    """The generated files of a workspace, by path."""
    return {COORDINATION_PATH: coordination_page(kinds, config, own), AGENTS_PATH: agents_page(kinds)}


def kinds_index(kinds: Mapping[str, Kind]) -> str:
    """The index in ``desired/README.md``: what a fragment may declare."""
    if not kinds:
        return "No kinds yet: `registry schema new` writes the schema of one.\n"
    rows = [(f"`{kind.name}`", _purpose(kind), f"`{kind.file.text}`") for _, kind in sorted(kinds.items())]
    return _table("", ("kind", "purpose", "registry"), rows).lstrip("\n") + "\n"
