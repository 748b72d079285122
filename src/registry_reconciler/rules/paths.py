"""Paths that ``x-registry`` speaks of: files that entries name, files that some entry must name (PTH)."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.kinds import Kind, PathRule
from registry_reconciler.model import FieldPath, Place
from registry_reconciler.problems import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.disk import kind_at, normal
from registry_reconciler.rules.shapes import finder
from registry_reconciler.tree import Unreadable, find
from registry_reconciler.world import Item, World


def _named(world: World, kind: Kind, rule: PathRule) -> Iterator[tuple[Item, FieldPath, str]]:
    select = finder(rule.field)
    for item in world.of(kind.name):
        for path, value in select(item.value):
            values = (
                [(path, value)]
                if not isinstance(value, list)
                else [((*path, i), v) for i, v in enumerate(value)]
            )
            for at, one in values:
                if isinstance(one, str):
                    yield item, at, one


def _declared(world: World) -> Iterator[tuple[Kind, PathRule]]:
    for kind in world.kinds.values():
        for rule in kind.paths:
            yield kind, rule


def _missing(world: World) -> Iterator[Finding]:
    for kind, rule in _declared(world):
        for item, path, named in _named(world, kind, rule) if rule.missing is not None else ():
            if kind_at(world, named) in ("absent", "other"):
                message = f"There is no file or folder {named!r} in the workspace."
                yield Finding(item, message, path, severity=rule.missing, extra=named)


def _outside(world: World) -> Iterator[Finding]:
    for kind, rule in _declared(world):
        for item, path, named in _named(world, kind, rule):
            if kind_at(world, named) == "outside":
                yield Finding(item, f"{named!r} leads out of the workspace.", path, extra=named)


def _unlisted(world: World) -> Iterator[Finding]:
    for kind, rule in _declared(world):
        if rule.unlisted is None or kind.name in world.hidden_kinds:
            continue
        try:
            files = list(find(world.tree, rule.unlisted, exclude=kind.exclude))
        except Unreadable as fault:
            yield Finding(
                None,
                f"Whether a {kind.name} lists every file of {rule.unlisted} cannot be told: {fault}.",
                place=Place(kind.schema_path, 0, ("x-registry", "paths")),
                severity=rule.unlisted_severity,
                extra=f"{kind.name}.{rule.field.text}",
            )
            continue
        listed = {normal(named) for _, _, named in _named(world, kind, rule)} if files else set()
        for file in files:
            # An entry that names a folder lists what lies in it.
            parents = (file.rsplit("/", depth)[0] for depth in range(file.count("/") + 1))
            if not any(one in listed for one in parents) and not world.maybe_hidden((kind.name,), file):
                yield Finding(
                    None,
                    f"No {kind.name} lists {file} ({rule.field.text}).",
                    place=Place(file),
                    severity=rule.unlisted_severity,
                    extra=f"{kind.name}.{rule.field.text}",
                )


_RELATION = "file and entry"

RULES = (
    Rule(
        code="PTH001",
        title="A named file does not exist",
        severity=Severity.ERROR,
        check=_missing,
        summary=(
            "A field that a kind lists under `paths` of its `x-registry` names a file or folder of the "
            "workspace. The severity is that of `missing` there. (`skill` in the example lists its `path`.)"
        ),
        why="The entry speaks of something that is not there.",
        example="""\
skill:
  - {id: plan, path: skills/plan/SKILL.md}
  - {id: review, path: skills/reveiw/SKILL.md}
""",
        use_instead="""\
skill:
  - {id: plan, path: skills/plan/SKILL.md}
  - {id: review, path: skills/review/SKILL.md}
""",
        fix="Correct the path, or add the file.",
        relations=(
            Relation(_RELATION, "a file that entries name moves or goes", "the entries that name it"),
        ),
    ),
    Rule(
        code="PTH002",
        title="A named path leaves the workspace",
        severity=Severity.ERROR,
        check=_outside,
        summary=(
            "A field that a kind lists under `paths` holds a relative path with `/` that neither `..` nor a "
            "link leads out of the workspace."
        ),
        why=(
            "What lies elsewhere is not there on another machine, and is nothing that this workspace can "
            "speak for."
        ),
        example="""\
skill:
  - {id: review, path: ../skills/review/SKILL.md}
""",
        use_instead="""\
skill:
  - {id: review, path: skills/review/SKILL.md}
""",
        fix="Write the path from the root of the workspace.",
    ),
    Rule(
        code="PTH003",
        title="A file is listed by no entry",
        severity=Severity.WARNING,
        check=_unlisted,
        summary=(
            "Every file that the glob `unlisted` of a kind matches is named by an entry, or lies in a folder "
            "that one names. The severity is that of `unlisted_severity`. (`skill` says `unlisted: "
            "skills/*/SKILL.md`.)"
        ),
        why="It was added and forgotten: whoever reads the registry does not know of it.",
        example="""\
skill:
  - {id: review, path: skills/review/SKILL.md}
""",
        use_instead="""\
skill:
  - {id: plan, path: skills/plan/SKILL.md}
  - {id: review, path: skills/review/SKILL.md}
""",
        fix="Declare an entry for the file, or put it under `exclude` of the kind.",
        relations=(
            Relation(_RELATION, "a file is added that the kind wants listed", "that an entry names it"),
        ),
    ),
)
