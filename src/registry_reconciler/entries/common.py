"""What adding an entry of any kind shares: YAML files, one entry in a list, validation, checks, the write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.sequences import sorted_place
from registry_reconciler.editing.amend import Amendment, Edits, preview, write_and_apply, write_fragments
from registry_reconciler.editing.fragment_edit import Drafts, default_fragment, put_entry, require_key
from registry_reconciler.errors import Blocked, UsageFailure, WriteFailure
from registry_reconciler.files.tree import DiskTree, Recorder
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.entry import Json, Place, make_address, same
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.fragment_edit import FragmentEdit
from registry_reconciler.model.kind import SCHEMA_SUFFIX, Kind
from registry_reconciler.model.live_edit import LiveEdit
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.problem import Problem, Status, sort_key
from registry_reconciler.workspace import DEFAULT_LOCK_TIMEOUT, Workspace

PathLike: TypeAlias = str | os.PathLike[str]

GROUPS: dict[str, tuple[str, ...]] = {
    "modules": ("module_type", "module_instance", "module_maturity", "module_interface"),
    "routes": ("route",),
    "abilities": ("ability_low", "ability_high"),
    "hooks": ("hook",),
}
"""Words that stand for several kinds; which one an entry is of is found from the entry."""


def load_yaml(path: PathLike) -> Json:
    """The value of a YAML file, read as the engine reads it (YAML 1.2 core, JSON values only).

    An empty file is ``None``; a file of several documents is the list of their values.

    Raises:
        Blocked: the file is not there, or cannot be read; the text names file, line and column.
    """
    source = _source(Path(path))
    if source is None:
        raise Blocked(f"{path} is not there.")
    if not source.readable:
        raise Blocked(_fault_text(path, source))
    return list(source.documents) if len(source.documents) > 1 else next(iter(source.documents), None)


def dump_yaml(path: PathLike, data: Json) -> None:
    """Make a YAML file say ``data``: whole or not at all.

    Of a file that is there already only the parts that differ are rewritten; comments and style stay.

    Raises:
        Blocked: the file that is there cannot be read, or not be edited safely.
        WriteFailure: the system refused.
    """
    from registry_reconciler.apply.files import write_report
    from registry_reconciler.formats.edits import ReplaceDocument, SpliceError
    from registry_reconciler.formats.table import format_named

    target = Path(path)
    source = _source(target)
    form = source.format if source is not None else format_named(target.name)
    if source is not None and (not source.readable or source.data is None):
        raise Blocked(_fault_text(path, source))
    try:
        if source is None or source.data is None or not source.documents:
            content = form.new_text(data)
        elif len(source.documents) > 1:
            raise Blocked(f"{path} has several documents; edit it by hand.")
        else:
            content = form.splice(source.data, [ReplaceDocument(0, data)])
    except SpliceError as error:
        raise Blocked(f"{path} cannot be edited safely: {error.message}.") from error
    read = form.read(content)
    if not read.readable or not same(list(read.documents), [data]):
        raise Blocked(f"{path} would not read back as meant; nothing was written.")
    if source is not None and content == source.data:
        return
    try:
        write_report(target, content)
    except OSError as error:
        raise WriteFailure(f"{path} could not be written: {error.strerror or error}") from error


def _source(path: Path) -> SourceFile | None:
    return read_source(DiskTree(path.parent), path.name)


def _fault_text(path: PathLike, source: SourceFile) -> str:
    first = source.problems[0]
    where = replace(first.location, path=str(path)).show() if first.location else str(path)
    return f"{where}: {first.message}"


def insert_or_update_entry(data: Json, key_field: str, new_entry: dict[str, Json]) -> Json:
    """Put an entry into a list: in place of the one with its key, else where it sorts, else at the end.

    Args:
        data: a list of mappings, or a mapping with exactly one list in it (``routes: [...]``).
        key_field: the field that tells entries apart; ``metadata.name`` steps into mappings.

    Returns:
        ``data``, changed in place: the order of the others stays; of several entries with this key one is
        left.

    Raises:
        ValueError: ``new_entry`` has no key, or ``data`` holds no list of entries.
    """
    selector = Selector.parse(key_field)
    key = selector.get(new_entry)
    if key is None:
        raise ValueError(f"the new entry has no {key_field!r}")
    items = _items(data)
    found = [index for index, item in enumerate(items) if same(selector.get(item), key)]
    if found:
        items[found[0]] = new_entry
        for index in reversed(found[1:]):
            del items[index]
    else:
        items.insert(sorted_place([str(selector.get(item)) for item in items], str(key)), new_entry)
    return data


def _items(data: Json) -> list[Json]:
    if isinstance(data, list):
        return data
    lists = [value for value in data.values() if isinstance(value, list)] if isinstance(data, dict) else []
    if len(lists) != 1:
        raise ValueError("data must be a list of entries, or a mapping with exactly one list in it")
    return lists[0]


def validate_entry(entry: Json, schema_path: PathLike) -> list[Problem]:
    """What is wrong with an entry by a schema file alone: no reference and no rule is looked at.

    ``$ref`` resolves inside the schema's folder. Empty: the entry fits.

    Raises:
        Blocked: the schema cannot be read or used.
    """
    from registry_reconciler.model.structural import problem
    from registry_reconciler.schema.compiled import SchemaFault
    from registry_reconciler.schema.validator import SchemaSet

    target = Path(os.path.abspath(schema_path))
    names = {path.name for path in target.parent.glob(f"*{SCHEMA_SUFFIX}")} | {target.name}
    sources = {name: _source(target.parent / name) for name in sorted(names)}
    schema = sources[target.name]
    if schema is None:
        raise Blocked(f"{schema_path} is not there.")
    if not schema.readable:
        raise Blocked(_fault_text(schema_path, schema))
    documents = {
        name: source.documents[0]
        for name, source in sources.items()
        if source is not None and source.documents
    }
    try:
        violations = SchemaSet(documents).validator(target.name).violations(entry)
    except SchemaFault as fault:
        raise Blocked(f"{schema_path} cannot be used: {fault.message}. {fault.fix}") from fault
    return [
        problem(
            "SCH001",
            violation.message,
            Place("", 0, violation.path, violation.on_key),
            path=violation.path,
            fix=violation.fix,
            extra=violation.keyword,
        )
        for violation in violations
    ]


def find_kind(loaded: Loaded, word: str, entry: Json) -> Kind:
    """The kind that a word means: a kind, or the one that the entry fits of :data:`GROUPS` (of all for "").

    Raises:
        UsageFailure: no such kind, or several fit the entry; they are listed.
    """
    if word in loaded.kinds:
        return loaded.kinds[word]
    if word and word not in GROUPS:
        raise UsageFailure(_unknown_kind(loaded, word))
    candidates = [kind for name, kind in loaded.kinds.items() if not word or name in GROUPS[word]]
    if not candidates:
        raise UsageFailure(f"this workspace has none of the kinds {', '.join(GROUPS.get(word, ()))}.")
    return _fitting(loaded, word, candidates, entry)


def _unknown_kind(loaded: Loaded, word: str) -> str:
    from registry_reconciler.base.suggest import did_you_mean

    known = (*loaded.kinds, *GROUPS)
    if word in loaded.catalog.broken:
        return f"the schema of {word} cannot be used: see 'registry check'."
    names = ", ".join(loaded.kinds) or "none"
    return f"there is no kind {word!r}.{did_you_mean(word, known)} Kinds here: {names}."


def _fitting(loaded: Loaded, word: str, candidates: Sequence[Kind], entry: Json) -> Kind:
    """The kind whose schema the entry obeys; where it obeys none, the one that it violates least."""
    if len(candidates) == 1:
        return candidates[0]
    schemas = loaded.catalog.schemas
    keyed = [kind for kind in candidates if isinstance(entry, dict) and kind.key_of(entry) is not None]
    faults = {kind.name: len(schemas.validator(kind).violations(entry)) for kind in keyed}
    least = min(faults.values(), default=0)
    best = [kind for kind in keyed if faults[kind.name] == least]
    if len(best) > 1:
        best = [kind for kind in best if _is_there(loaded, kind, entry)] or best
    if len(best) == 1:
        return best[0]
    names = ", ".join(kind.name for kind in best or candidates)
    why = f"it could be of {names}" if best else f"it has the key of none of {names}"
    which = f"which of the {word} the entry is" if word else "of which kind the entry is"
    raise UsageFailure(f"{which} cannot be told: {why}. Name the kind.")


def _is_there(loaded: Loaded, kind: Kind, entry: Json) -> bool:
    address = make_address(kind.name, kind.key_of(entry) or "")
    return address in loaded.live.entries or any(
        entry.address == address for entry in loaded.fragments.entries
    )


def check_entry(word: str, new_entry: Json, *, root: PathLike | None = None) -> list[Problem]:
    """The problems that an entry would bring to the current workspace, or has in it already. Writes nothing.

    Args:
        word: a kind, or a group of kinds.
        root: a directory of the workspace; the working directory where it is not given.

    Returns:
        Every problem of the entry and every one that adding it introduces elsewhere, in the fixed order;
        those that are allowed or baselined are left out.

    Raises:
        NoWorkspace: there is none.
        UsageFailure: the kind is unknown, or several fit.
    """
    workspace = Workspace.open(root or ".")
    loaded = load_workspace(workspace)
    keyless = _keyless(loaded, word, new_entry)
    if keyless is not None:
        return [keyless]
    kind = find_kind(loaded, word, new_entry)
    address = make_address(kind.name, require_key(kind, new_entry))
    draft = partial(put_entry, kind=kind, value=new_entry)
    amendment = preview(DiskTree(workspace.root), draft, PlanOptions())
    return list(problems_of(amendment, address))


def _keyless(loaded: Loaded, word: str, entry: Json) -> Problem | None:
    """The problem of an entry that has the key of no kind it could be of."""
    from registry_reconciler.model.structural import problem

    kinds = [loaded.kinds[name] for name in GROUPS.get(word, (word,)) if name in loaded.kinds]
    if not kinds or (isinstance(entry, dict) and any(kind.key_of(entry) is not None for kind in kinds)):
        return None
    fields = " or ".join(dict.fromkeys(", ".join(selector.text for selector in kind.key) for kind in kinds))
    names = " or ".join(kind.name for kind in kinds)
    message = f"an entry of {names} has no key: {fields} must be there as text or a whole number."
    return problem(
        "FRG008", message, Place(default_fragment(kinds[0].name)), fix=f"Give the entry its {fields}."
    )


class Added(Struct, frozen=True):
    """What adding an entry did.

    Attributes:
        fragment: the fragment that declares it now.
        problems: warnings and records that the entry has or brings; nothing that blocks.
    """

    address: str
    kind: str
    fragment: str
    problems: tuple[Problem, ...]
    amendment: Amendment

    @property
    def written(self) -> tuple[str, ...]:
        """Every file that was written; empty where everything was so already."""
        return self.amendment.written


def add_entry(
    word: str,
    entry: dict[str, Json],
    *,
    root: PathLike | None = None,
    fragment: str = "",
    check: bool = True,
    apply: bool = True,
    dry_run: bool = False,
    expect: str | None = None,
    command: str = "registry add",
    lock_timeout: float = DEFAULT_LOCK_TIMEOUT,
) -> Added:
    """Add an entry or update it: in the fragment that owns it, and from there in the registries.

    The checks run first. Fragment, registries, state and history are written together or not at all; the
    same entry again writes nothing.

    Args:
        word: a kind, or a group of kinds; "" for any kind that the entry fits.
        fragment: where a new declaration goes, ``desired/<kind>.yaml`` by default.
        check: run the coordination rules (the structural ones always run).
        apply: write the registries too, for this entry alone; else only the fragment.
        dry_run: write nothing; ``amendment`` says what would be done, ``problems`` what it would bring.
        expect: apply only if the plan has this id.

    Raises:
        Blocked: a problem blocks; nothing was written. Its ``plan`` has the problems.
        UsageFailure: the kind is unknown, the entry has no key, or another fragment owns it.
        WriteFailure, StalePlan, LockHeld: as :meth:`registry_reconciler.Workspace.apply`.
    """
    workspace = Workspace.open(root or ".", lock_timeout=lock_timeout)
    kind = find_kind(load_workspace(workspace), word, entry)
    address = make_address(kind.name, require_key(kind, entry))
    drafted: list[str] = []

    def draft(loaded: Loaded) -> Edits | tuple[FragmentEdit, ...]:
        if kind.truth == "live":
            drafted.append(_require_live(kind, fragment))
            return Edits(live=(LiveEdit(address, entry),), target=(address,))
        drafts = Drafts(loaded)
        drafted.append(drafts.put(kind, entry, fragment))
        return drafts.finish()

    options = PlanOptions(target=(address,) if apply else (), no_check=not check)
    if dry_run:
        amendment = preview(DiskTree(workspace.root), draft, options)
    elif apply:
        amendment = write_and_apply(workspace, draft, options, command=command, expect=expect)
    else:
        amendment = write_fragments(workspace, draft, command=command, options=options)
    return Added(address, kind.name, drafted[-1], problems_of(amendment, address), amendment)


def _require_live(kind: Kind, fragment: str) -> str:
    """What says instead of a fragment where an entry goes whose registry owns it."""
    if fragment:
        raise UsageFailure(
            f"the truth of {kind.name} is live: its registry owns its entries, and no fragment may declare one. "
            "Leave the fragment out."
        )
    return kind.file.text


def problems_of(amendment: Amendment, address: str) -> tuple[Problem, ...]:
    """The problems that an entry has after an amendment, and those that the amendment brings elsewhere."""
    assert amendment.plan is not None
    own = [
        problem
        for problem in amendment.plan.problems
        if problem.address == address and problem.status is not Status.FIXED and problem.suppressed is None
    ]
    found = {introduced.identity: introduced for introduced in (*own, *amendment.introduced)}
    return tuple(sorted(found.values(), key=sort_key))


def load_workspace(workspace: Workspace) -> Loaded:
    """What a workspace holds now, for questions that come before the lock."""
    return load(Recorder(DiskTree(workspace.root)))
