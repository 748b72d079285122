"""What ``registry init`` puts into a folder: decided here over a tree, written as one transaction.

Nothing that is there is overwritten. The root's ``AGENTS.md`` is added to, at its end, and only when what is
added is not there yet; so doing it twice is doing it once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.errors import UsageFailure, WriteFailure
from registry_reconciler.files.tree import MemoryTree, Recorder, Tree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.config import CONFIG_PATH, DESIRED_FOLDER
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.kind import SCHEMA_FOLDER, SCHEMA_SUFFIX
from registry_reconciler.schema.packaged import KINDS, builtin_schemas, template

if TYPE_CHECKING:
    from registry_reconciler.apply import Receipt

AGENTS_PATH = ".system/registry/AGENTS.md"
POINTER_PATH = "AGENTS.md"

POINTER = """\
## Registries

Before you add, change or remove anything that is registered here, read `.system/registry/AGENTS.md`.
"""

_DESIRED_README = """\
# What should be registered

Each YAML file here is a fragment: it says which entries there should be. `registry plan` shows what that
would change, `registry apply` does it. Split the files as you like.

```yaml
route:
  - id: api.errors
    scope: api
    topic: errors
    when_to_use: A client gets an error that it does not understand.
```

`registry schema KIND --example` prints an entry to start from. What can be registered here:

<!-- registry:begin kinds -->
<!-- registry:end kinds -->
"""


class Placement(Struct, frozen=True):
    """One file that ``init`` looks after.

    Attributes:
        before: its bytes now; ``None`` when it is not there.
        content: its bytes afterwards.
        outcome: ``made``, ``extended``, ``there`` or ``differs`` (there, and not what would be made).
    """

    path: str
    before: bytes | None
    content: bytes
    outcome: str


def chosen_kinds(text: str) -> tuple[str, ...]:
    """The built-in kinds that ``all``, ``none`` or a list with commas means.

    Raises:
        UsageFailure: there is no such built-in kind.
    """
    if text in ("all", "none"):
        return KINDS if text == "all" else ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in KINDS:
            raise UsageFailure(
                f"--kinds: there is no built-in kind {name!r}.{did_you_mean(name, KINDS)} "
                f"They are: {', '.join(KINDS)}; or all, or none"
            )
    return tuple(kind for kind in KINDS if kind in names)


def default_kinds(tree: Tree) -> tuple[str, ...]:
    """All built-in kinds; in a workspace that is there those that it has: it was made without the others."""
    there = _names(tree, SCHEMA_FOLDER)
    return tuple(kind for kind in KINDS if f"{kind}{SCHEMA_SUFFIX}" in there) if there else KINDS


def placements(tree: Tree, kinds: Sequence[str], *, pointer: bool) -> tuple[Placement, ...]:
    """Everything that ``init`` looks after, with what becomes of it.

    Raises:
        WriteFailure: something else than a readable file stands where one belongs.
    """
    wanted = {CONFIG_PATH: template("config.yaml")}
    schemas = builtin_schemas()
    for kind in kinds:
        wanted[f"{SCHEMA_FOLDER}/{kind}{SCHEMA_SUFFIX}"] = schemas[kind]
    if not kinds and _names(tree, SCHEMA_FOLDER) <= {".gitkeep"}:
        # The folder makes the workspace, and git keeps no empty folders.
        wanted[f"{SCHEMA_FOLDER}/.gitkeep"] = b""
    if not _names(tree, DESIRED_FOLDER):
        wanted[f"{DESIRED_FOLDER}/README.md"] = _DESIRED_README.encode()
    found = [_kept(tree, path, content) for path, content in wanted.items()]
    made = {placement.path for placement in found if placement.outcome == "made"}
    pages = _pages(tree, found, made)
    # The index is filled in a page that is made here, and never in one that is there.
    found = [
        replace(placement, content=pages.pop(placement.path))
        if placement.path in pages and placement.path in made
        else placement
        for placement in found
    ]
    found += [_kept(tree, path, content) for path, content in pages.items() if path not in _paths(found)]
    if pointer:
        found.append(_pointer(_read(tree, POINTER_PATH)))
    return tuple(sorted(found, key=lambda found_place: found_place.path))


def folders(found: Iterable[Placement]) -> tuple[str, ...]:
    """Where the registry files of the kinds will lie, so that people see where things belong."""
    from registry_reconciler.loading.catalog import load_catalog

    schemas = {
        placement.path: placement.content for placement in found if placement.path.endswith(SCHEMA_SUFFIX)
    }
    globs = [kind.file.glob for kind in load_catalog(MemoryTree(schemas)).kinds.values()]
    return tuple(sorted({glob.partition("*")[0].rpartition("/")[0] for glob in globs} - {""}))


def _paths(found: Iterable[Placement]) -> set[str]:
    return {placement.path for placement in found}


def _names(tree: Tree, folder: str) -> set[str]:
    try:
        return {name for name, _ in tree.children(folder)}
    except UnreadablePath as fault:
        raise WriteFailure(f"nothing was written: {folder} is in the way: {fault}") from fault


def _read(tree: Tree, path: str) -> bytes | None:
    try:
        return tree.read(path)
    except UnreadablePath as fault:
        raise WriteFailure(f"nothing was written: {path} is in the way: {fault}") from fault


def _kept(tree: Tree, path: str, content: bytes) -> Placement:
    old = _read(tree, path)
    if old is None:
        return Placement(path, None, content, "made")
    return Placement(path, old, old, "there" if old == content else "differs")


def _pages(tree: Tree, found: Iterable[Placement], made: Collection[str]) -> dict[str, bytes]:
    """The pages that ship with the product, about the kinds that the workspace will have, and what is remembered."""
    from registry_reconciler.loading.catalog import load_catalog
    from registry_reconciler.loading.settings import load_config
    from registry_reconciler.outputs.shipped import SHIPPED, first_pages

    for page in SHIPPED:
        _read(tree, page.file)  # something else in its place is said before anything is written
    after = Recorder(MemoryTree({placement.path: placement.content for placement in found}, tree))
    return first_pages(after, load_catalog(after).kinds, load_config(after)[0], made)


def _pointer(old: bytes | None) -> Placement:
    if old is not None and AGENTS_PATH.encode() in old:
        return Placement(POINTER_PATH, old, old, "there")
    return extended(POINTER_PATH, old, ("\n" if old else "") + POINTER)


def extended(path: str, old: bytes | None, more: str) -> Placement:
    """A file with text at its end, in the line endings that it has."""
    before = old or b""
    if not more:
        return Placement(path, old, before, "there")
    end = b"\r\n" if b"\r\n" in before else b"\n"
    glue = end if before and not before.endswith((b"\n", b"\r")) else b""
    content = before + glue + more.encode().replace(b"\n", end)
    return Placement(path, old, content, "made" if old is None else "extended")


def write_placements(root: Path, found: Sequence[Placement], lock_timeout: float) -> Receipt:
    """Write what is to be made or extended: all of it or nothing.

    Raises:
        LockHeld, StalePlan, WriteFailure, InterruptedApply: see :func:`registry_reconciler.apply.commit`.
    """
    from registry_reconciler.apply import FileOp, Receipt, write_session

    ops = [
        FileOp(placement.path, _digest(placement.before), placement.content)
        for placement in found
        if placement.before != placement.content
    ]
    if not ops:
        return Receipt()
    with write_session(root, "registry init", lock_timeout, recovers=False) as session:
        receipt = session.commit(ops, inputs=dict(_inputs(found)))
    from registry_reconciler.apply.files import make_workspace_folder

    for folder in folders(found):  # git keeps no empty ones; that is as good as none at all
        make_workspace_folder(root, folder)
    return receipt


def _digest(data: bytes | None) -> str | None:
    return None if data is None else digest_bytes(data)


def _inputs(found: Iterable[Placement]) -> Iterator[tuple[str, str | None]]:
    for placement in found:
        yield placement.path, _digest(placement.before)
