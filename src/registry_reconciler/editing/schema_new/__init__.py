"""``schema new``: from files as they are found to a schema file that makes them a kind, and its doubts.

The answer is checked before it is given: the schema file is loaded over the workspace, and what plan says
about the entries is part of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from registry_reconciler.editing.schema_new.draft import Doubt, NewSchema, Work
from registry_reconciler.editing.schema_new.fields import properties_of
from registry_reconciler.editing.schema_new.guess import shape_of
from registry_reconciler.editing.schema_new.key import choose_key
from registry_reconciler.editing.schema_new.mirrors import add_mirrors
from registry_reconciler.editing.schema_new.place import choose_place, read_documents, with_path
from registry_reconciler.editing.schema_new.referrers import referrers, tell_referrers
from registry_reconciler.editing.schema_new.relations import add_relations
from registry_reconciler.editing.schema_new.text import numbered, schema_lines
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.files.tree import MemoryTree, Recorder, Tree
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import SCHEMA_FOLDER, SCHEMA_SUFFIX

__all__ = ["Doubt", "NewSchema", "new_schema"]


def new_schema(tree: Tree, kind: str, source: str, *, at: str = "", key: Sequence[str] = ()) -> NewSchema:
    """Make a schema file for a kind from a file, a glob, or a path with placeholders.

    Args:
        at: where the entries lie inside the files; guessed where it is not given.
        key: the key fields; guessed where they are not given.

    Raises:
        UsageFailure: the words of the call are wrong, or the kind is there already.
        Blocked: no file, an unreadable one, or nothing in them that looks like entries.
    """
    loaded = load(Recorder(tree))
    _require_new(loaded, kind)
    pattern = source.removeprefix("./")
    work = Work(kind, loaded, pattern)
    documents = read_documents(work, tree)
    chosen = choose_place(work, documents, at)
    entries = with_path(work, chosen, sorted(documents))
    named_by = list(referrers(work, chosen.name, documents))
    names = choose_key(work, chosen, entries, key, named_by)
    work.spec = {
        "kind": kind,
        "layout": chosen.layout,
        "file": work.pattern,
        **({"at": chosen.text} if chosen.at else {}),
        "key": names[0] if len(names) == 1 else names,
        **work.spec,
    }
    keys = ["/".join(entry.text(name) or "" for name in names) for entry in entries]
    shape = shape_of(entries, keys)
    add_relations(work, entries, shape, names)
    add_mirrors(work, entries, keys, names)
    tell_referrers(work, named_by, keys)
    schema = properties_of(work, shape, names)
    return _finish(work, tree, schema, len(entries))


def _require_new(loaded: Loaded, kind: str) -> None:
    from registry_reconciler.loading.directives import DIRECTIVES

    if kind in loaded.kinds or kind in loaded.catalog.broken:
        raise UsageFailure(f"there is a kind {kind!r} already; give the new one another name.")
    if kind in DIRECTIVES:
        raise UsageFailure(
            f"{kind!r} is no name for a kind: fragments have it as a directive. Name the kind otherwise, e.g. "
            f"'{kind}_entry'."
        )
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", kind):
        raise UsageFailure(f"{kind!r} is no name for a kind: a letter, then letters, digits, _ and -.")


def _finish(work: Work, tree: Tree, schema: Mapping[str, Json], entries: int) -> NewSchema:
    path = f"{SCHEMA_FOLDER}/{work.kind}{SCHEMA_SUFFIX}"
    lines = list(schema_lines(work, schema))
    doubts = tuple(numbered(work.doubts, lines))
    content = "".join(f"{line}\n" for line, _ in lines).encode("utf-8")
    draft = NewSchema(path, content, dict(work.spec), entries, doubts)
    return _checked(draft, work, tree)


def _checked(draft: NewSchema, work: Work, tree: Tree) -> NewSchema:
    """The draft with what plan says about its entries; a draft that cannot be used is a fault of ours."""
    from registry_reconciler.planning.pipeline import make_plan

    planning = make_plan(MemoryTree({draft.path: draft.content}, tree))
    if work.kind not in planning.loaded.kinds:
        faults = [problem.message for problem in planning.plan.problems if problem.place.file == draft.path]
        raise Blocked(f"the schema file for {work.kind} would not be usable: {'; '.join(faults[:3])}")
    found = sum(entry.kind == work.kind for entry in planning.loaded.live.entries.values())
    known = {(problem.code, problem.message) for problem in work.loaded.live.problems}
    mine = tuple(
        (problem.code, problem.address or problem.place.file, problem.message)
        for problem in planning.plan.problems
        if problem.address.startswith(f"{work.kind}/")
        or problem.place.file == draft.path
        or (problem.code.startswith("LIV") and (problem.code, problem.message) not in known)
    )
    return replace(draft, entries=found, findings=mine)
