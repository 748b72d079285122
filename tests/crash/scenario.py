"""One apply of twelve files: updates (one through a link, one large), creates, deletes, a move."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from registry_reconciler.apply import FileOp, Receipt, WorkspaceLock, commit, recover
from registry_reconciler.model.entry import digest_bytes

OLD: dict[str, tuple[int, bytes]] = {
    ".system/registry/schemas/route.schema.yaml": (0o644, b"x-registry: {kind: route}\n"),
    ".system/registry/state/pay.jsonl": (0o644, b'{"a":1}\n'),
    "desired/pay.yaml": (0o644, b"route: []\n"),
    "modules/routes/api.yaml": (0o644, b"routes:\n- id: api\n"),
    "modules/routes/big.yaml": (0o600, b"# large\n" + b"routes: []\n" * 9000),
    "modules/routes/go.yaml": (0o644, b"routes: [go]\n"),
    "linked/real.yaml": (0o755, b"types: []\n"),
    ".system/hooks/one.yaml": (0o644, b"id: one\n"),
    ".system/hooks/old/two.yaml": (0o640, b"id: two\n"),
    ".system/hooks/old/three.yaml": (0o644, b"id: three\n"),
    "third/party.txt": (0o644, b"not ours\n"),
}
LINKS = {"modules/types.yaml": "../linked/real.yaml"}

CHANGES: dict[str, bytes | None] = {
    "modules/routes/api.yaml": b"routes:\n- id: api\n- id: new\n",
    "modules/routes/big.yaml": b"# larger\n" + b"routes: []\n" * 9500,
    "modules/types.yaml": b"types: [http]\n",
    ".system/registry/state/pay.jsonl": b'{"a":2}\n',
    ".system/registry/history.jsonl": b'{"plan":"x"}\n',
    "modules/routes/new/deep/one.yaml": b"routes: [one]\n",
    "modules/routes/new/two.yaml": b"",
    ".system/hooks/one.yaml": None,
    ".system/hooks/old/two.yaml": None,
    ".system/hooks/old/three.yaml": None,
    "modules/routes/go.yaml": None,
    "modules/routes/gone_there.yaml": b"routes: [go]\n",
}
EMPTIED = (".system/hooks/old",)

Snapshot = dict[str, tuple[object, ...]]


def build(root: Path) -> None:
    """Lay the old tree out under ``root``, which must not exist."""
    for name, (mode, data) in OLD.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)
    for name, target in LINKS.items():
        (root / name).symlink_to(target)


def operations(changes: dict[str, bytes | None] = CHANGES) -> list[FileOp]:
    """The apply's operations with the digests of the old tree."""
    found = []
    for path, content in changes.items():
        old = OLD.get("linked/real.yaml" if path in LINKS else path)
        found.append(FileOp(path, digest_bytes(old[1]) if old else None, content))
    return found


def inputs() -> dict[str, str | None]:
    """What the plan was made from: every old file, and the absence of the new ones."""
    known: dict[str, str | None] = {
        path: digest_bytes(data) for path, (_, data) in OLD.items() if path[0] != "t"
    }
    known["modules/types.yaml"] = digest_bytes(OLD["linked/real.yaml"][1])
    known["modules/routes/gone_there.yaml"] = None
    known["third/party.txt"] = "file"
    return known


def apply(root: Path, verify: Callable[[], None] | None = None) -> Receipt:
    """Carry the scenario out as the command does: lock, recover, commit."""
    with WorkspaceLock.acquire(root, command="apply", timeout=5) as lock:
        recover(root, lock=lock)
        return commit(
            root,
            operations(),
            lock=lock,
            inputs=inputs(),
            remove_empty=EMPTIED,
            verify=verify,
            may_write=CHANGES.__contains__,
        )


def snapshot(root: Path) -> Snapshot:
    """Everything below ``root``: folders, links, and files with mode and bytes."""
    found: Snapshot = {}
    for above, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = os.path.join(above, name)
            info = os.lstat(path)
            key = os.path.relpath(path, root)
            if stat.S_ISLNK(info.st_mode):
                found[key] = ("link", os.readlink(path))
            elif stat.S_ISDIR(info.st_mode):
                found[key] = ("folder",)
            else:
                with open(path, "rb") as stream:
                    found[key] = ("file", stat.S_IMODE(info.st_mode), stream.read())
    return found


def scratch() -> Path:
    """A folder for thousands of small trees, in memory where the system has such a place."""
    memory = "/dev/shm"
    usable = os.path.isdir(memory) and os.access(memory, os.W_OK)
    return Path(tempfile.mkdtemp(prefix="registry-crash-", dir=memory if usable else None))
