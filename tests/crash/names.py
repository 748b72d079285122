"""Names of every kind in an apply: too long, in the way of each other, not as every system writes them.

Each is tried with this version, which refuses what it can know before the commit point, and as a journal of a version
that did not: recovery has to end all the same.
"""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from registry_reconciler.apply import FileOp, WorkspaceLock, commit, recover
from registry_reconciler.apply.install import Bench
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files.names import PathNames
from registry_reconciler.model.entry import digest_bytes
from tests.crash import faults, scenario
from tests.crash.scenario import Snapshot

if TYPE_CHECKING:
    from tests.crash.sweep import Ground, Tally

API = "modules/routes/api.yaml"
CHANGED = b"routes:\n- id: changed\n"


def nothing(_root: Path) -> None:
    """The tree needs no preparation."""


def _file(path: str) -> Callable[[Path], None]:
    def prepare(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"in the way\n")

    return prepare


def _link(path: str, target: str) -> Callable[[Path], None]:
    return lambda root: (root / path).symlink_to(target)


@dataclass(frozen=True)
class Case:
    """A path that is to be made, what the tree is like before, and whether an apply makes it.

    ``leads_to`` is where a link takes it.
    ``careless`` is false where a test could not look at what a version that asks about no name makes of it.
    """

    path: str
    prepare: Callable[[Path], None] = nothing
    made: bool = False
    leads_to: str = ""
    careless: bool = True


CASES = {
    "the longest name": Case(f"n/{'y' * 250}.yaml", made=True),
    "a name with a byte too many": Case(f"n/{'y' * 251}.yaml"),
    "a long name in letters of two bytes": Case(f"n/{'é' * 126}.yaml"),
    "a long name of a folder": Case(f"n/{'y' * 256}/a.yaml"),
    "a long name in a folder that is there": Case(f"modules/{'y' * 251}.yaml"),
    "a path that is too long": Case("/".join(["n", *["y" * 200] * 21, "a.yaml"]), careless=False),
    "a name in other letters": Case("n/Grüße.yaml", made=True),
    "a name in other letters, composed otherwise": Case(
        unicodedata.normalize("NFD", "n/Grüße.yaml"), _file("n/Grüße.yaml")
    ),
    "a file in other case": Case("modules/routes/API.yaml"),
    "a folder in other case": Case("Modules/new/a.yaml"),
    "a file where a folder is needed": Case("third/party.txt/a.yaml"),
    "a folder where a file is needed": Case("modules/routes"),
    "a link out where a folder is needed": Case("out/a.yaml", _link("out", "/tmp")),
    "a link to nowhere where a folder is needed": Case(
        "out/a.yaml", _link("out", "nowhere"), leads_to="nowhere/a.yaml"
    ),
    "a link to nowhere where a file is needed": Case(
        "n.yaml", _link("n.yaml", "nowhere"), leads_to="nowhere"
    ),
    "bytes that are no text": Case(os.fsdecode(b"n/\xff.yaml")),
    "a device": Case("n/con.yaml"),
    "a colon": Case("n/a:b.yaml"),
    "a backslash": Case("n/a\\b.yaml"),
    "a tab": Case("n/a\tb.yaml"),
    "a line end": Case("n/a\nb.yaml"),
    "a line end of Unicode": Case("n/a\u2028b.yaml"),
    "a folder with a dot at its end": Case("n./a.yaml"),
    "git's folder": Case(".git/a.yaml"),
    "git's folder by its short name": Case("git~1/a.yaml"),
}


def apply(root: Path, path: str) -> None:
    """Change one file, make one under the name and one more in a new folder."""
    ops = [
        FileOp(API, digest_bytes(scenario.OLD[API][1]), CHANGED),
        FileOp(path, None, b"made\n"),
        FileOp("modules/fresh/deep/one.yaml", None, b"one\n"),
    ]
    with WorkspaceLock.acquire(root, command="apply", timeout=5) as lock:
        recover(root, lock=lock)
        commit(root, ops, lock=lock, inputs={})


@contextlib.contextmanager
def careless() -> Iterator[None]:
    """A version that asks about no name before the commit point."""
    with (
        mock.patch.object(PathNames, "fault", return_value=None),
        mock.patch.object(Bench, "make_folders"),
    ):
        yield


def _careless_apply(root: Path, path: str) -> None:
    with careless():
        apply(root, path)


VERSIONS: dict[str, Callable[[Path, str], None]] = {"now": apply, "careless": _careless_apply}


def sweep(ground: Ground, tally: Tally, every: int) -> None:
    """Every name, unharmed and killed at each call, with both versions; then one recovery."""
    for number, (name, case) in enumerate(CASES.items()):
        template = ground.fresh(name="named")
        case.prepare(template)
        old = scenario.snapshot(template)
        for version, action in VERSIONS.items():
            if version == "careless" and not case.careless:
                continue
            root = ground.fresh(template)
            count = faults.Count()
            ended, new = _try(ground, root, partial(action, root, case.path), count)
            problem = None
            if version == "now" and (new != old) != case.made:
                problem = f"{'refused' if case.made else 'made'}: {ended}"
            elif ended and new != old and "registry recover" not in ended:
                problem = f"{ended}, and the tree is another one"
            problem = problem or _ends(ground, root, old, new, case)
            tally.count("name", problem and f"{name}, {version}: {problem}")
            for at in range(number % every, len(count.names), every):
                root = ground.fresh(template)
                ground.child(partial(action, root, case.path), faults.kill_at(at))
                problem = _ends(ground, root, old, new, case)
                tally.count("name", problem and f"{name}, {version}, kill {at}: {problem}")


def _try(
    ground: Ground, root: Path, action: Callable[[], object], count: faults.Count
) -> tuple[str, Snapshot]:
    """What an unharmed apply said when it failed, and the tree after it."""
    said = ""
    try:
        with ground.always_checked(count):
            action()
    except RegistryFailure as failure:
        said = str(failure)
    return said, scenario.snapshot(root)


def _ends(ground: Ground, root: Path, old: Snapshot, new: Snapshot, case: Case) -> str | None:
    """What is wrong after one recovery: all has to be old, or all new."""
    if ground.child(partial(recover, root)) != 0:
        return "recovery failed"
    found = scenario.snapshot(root)
    if found == old or (_whole(new, case) and found == new):
        return None
    return (
        f"neither old nor new: {sorted(key for key in {*found, *old} if found.get(key) != old.get(key))[:6]}"
    )


def _whole(new: Snapshot, case: Case) -> bool:
    made = ("file", 0o666 & ~_umask(), b"made\n")
    return new.get(API, ())[-1:] == (CHANGED,) and new.get(case.leads_to or case.path) == made


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
