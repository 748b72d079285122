"""The command that is run in each repository: which ones may be, what it is called, and running it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.errors import UsageFailure
from registry_reconciler.files.git_call import Running, end_session
from registry_reconciler.model.entry import Json

CHANGING = (
    *(
        "adopt",
        "add",
        "allow",
        "apply",
        "baseline",
        "drift",
        "fix",
        "fmt",
        "outputs new",
        "override",
        "rename",
    ),
    *("rm", "rule new", "schema migrate", "schema new", "set"),
)
"""The commands that change files of a workspace, and ask nobody."""

_LEADS_OUT = ("--root", "--report")
"""Options that lead to files elsewhere."""

TRAILER = "Registry-Exec"
"""The line of a commit that says which command made it."""


class Order(Struct, frozen=True):
    """What is to be done in each repository.

    Attributes:
        words: the command, without ``registry`` in front.
        branch: what it is committed on; "": a name that follows from the command.
        message: of the commit; "": one that follows from the command.
        push: the branch is pushed to ``origin``.
        dry_run: nothing is committed.
        seconds: so long a command may take in one repository.
        paths: those of the words that name a file or a folder.
    """

    words: tuple[str, ...]
    branch: str = ""
    message: str = ""
    push: bool = False
    dry_run: bool = False
    seconds: float = 600.0
    paths: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The words as messages may repeat them. Values are left out: one may be a secret."""
        return tuple(_without_values(self.words))

    @property
    def verb(self) -> str:
        """The command itself, in one or two words."""
        two = " ".join(self.words[:2])
        return two if two in CHANGING else self.words[0]

    def digest(self, root: str) -> str:
        """The same for the same command over the same folder of a repository."""
        text = json.dumps([self.words, root])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def branch_for(self, root: str) -> str:
        """The branch of a repository whose workspace lies in a folder of it."""
        if self.branch:
            return self.branch
        plain = [word for word in self.words if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", word)]
        slug = re.sub(r"[^a-z0-9]+", "-", " ".join(plain[:4]).lower()).strip("-")
        return f"registry-{slug or 'exec'}-{self.digest(root)[:8]}"

    def message_for(self, root: str) -> str:
        """The message of the commit. Values are left out: one may be a secret, and history keeps it."""
        shown = " ".join(self.shown)
        return f"{self.message or f'registry {visible(shown)}'}\n\n{TRAILER}: {self.digest(root)}"


_ENTRY = "--entry-json"
"""The option behind which a whole entry stands."""


def _without_values(words: Sequence[str]) -> Iterator[str]:
    before = ""
    for word in words:
        name, equals, _ = word.partition("=")
        yield "…" if before == _ENTRY else f"{name}=…" if equals else word
        before = word


def fault_of_path(path: str) -> str:
    """Why a path that a command is given does not stay in a repository, whichever that is; "" where it may."""
    whole = os.path.normpath(path)
    parts = whole.split("/")
    if os.path.isabs(whole) or parts[0] == os.pardir:
        return "leads out of the repository: name it from the workspace's own folder, without '..' in front"
    if any(part.lower() == ".git" for part in parts):
        return "leads into what git keeps of the repository: name another one"
    return ""


def order_of(words: Sequence[str], **options: Any) -> Order:
    """The order of the words behind ``--``. Raises :class:`UsageFailure`.

    Args:
        options: the other attributes of :class:`Order`.
    """
    again = "say what is to be done behind '--', as: registry fleet exec -- registry fix REF002"
    if not words:
        raise UsageFailure(f"no command was given: {again}")
    if words[0] != "registry":
        lead = f" Did you mean 'registry {visible(words[0])}'?" if words[0] in CHANGING else ""
        raise UsageFailure(f"{visible(words[0])!r} is no command of registry, and only those are run.{lead}")
    rest = tuple(words[1:])
    if not rest:
        raise UsageFailure(f"'registry' alone changes nothing: {again}")
    if rest[0] not in CHANGING and " ".join(rest[:2]) not in CHANGING:
        raise UsageFailure(
            f"registry {visible(rest[0])} is not one of the commands that are run in many repositories: "
            f"{', '.join(CHANGING)}.{did_you_mean(rest[0], CHANGING)}"
        )
    for word in rest:
        name = word.partition("=")[0]
        if name in _LEADS_OUT:
            raise UsageFailure(f"{name} leads to files outside of the repository: leave it out")
    order = Order(rest, **options)
    if order.branch and not _BRANCH.fullmatch(order.branch):
        raise UsageFailure(
            f"git takes no branch called {visible(order.branch)!r}: name another one with --branch"
        )
    return order


def with_paths(order: Order, paths: Sequence[str]) -> Order:
    """The order, with those of its words that name files. Raises :class:`UsageFailure` where one leads elsewhere."""
    for path in paths:
        if fault := fault_of_path(path):
            raise UsageFailure(f"{visible(path)!r} {fault}")
    return replace(order, paths=tuple(paths))


_BRANCH = re.compile(
    r"(?!-|@$|.*(?:\.\.|//|@\{|\.lock(?:/|$)|[./]$|(?:^|/)\.))[^\x00-\x20\x7f~^:?*\[\\]+",
)
"""What git takes as the name of a branch."""


class CommandResult(Struct, frozen=True):
    """How a command ended: its exit code, its JSON where it has one, and what it said besides."""

    exit: int
    data: Mapping[str, Json]
    text: str

    @property
    def why(self) -> str:
        """What it said of its failure, or of what blocks."""
        blocking = [problem for problem in self.data.get("problems") or () if problem.get("blocking")]
        if blocking:
            first = blocking[0]
            where = first.get("location") or {}
            at = f" {where['path']}:{where['line']}" if where.get("path") else ""
            more = f" And {len(blocking) - 1:,} more." if len(blocking) > 1 else ""
            return f"{first['code']}{at}: {first['message']}{more}"
        errors = self.data.get("errors") or ()
        if errors:
            return str(errors[0].get("message", ""))
        return " ".join(self.text.split())[:400] or f"it ended with {self.exit} and said nothing"

    @property
    def unknown(self) -> bool:
        """Whether it failed because the repository has no such entry or kind."""
        return self.exit == 64 and bool(
            re.search(r"\bno (?:entry|kind|live entry)\b|unknown address", self.why)
        )


_HOME = str(Path(__file__).resolve().parents[3])
_START = f"""\
import json, sys
sys.path.append({_HOME!r})
sys.argv[:] = ["registry", *json.loads(sys.stdin.buffer.readline())]
from registry_reconciler.cli.program import main
sys.exit(main())
"""
"""What the process runs. Its words come in: everybody sees those of a process, and one may be a secret."""


def run_registry(
    folder: Path, words: Sequence[str], seconds: float, watch: Callable[[Running, bool], None]
) -> CommandResult:
    """Run a command of this program in a folder.

    Args:
        watch: told the process when it starts and when it is through.
    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON"))
    }
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _START],
        cwd=folder,
        env={**environment, "REGISTRY_NO_CACHE": "1", "NO_COLOR": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    watch(process, True)
    try:
        out, err = process.communicate(json.dumps(list(words)).encode() + b"\n", timeout=seconds)
    except subprocess.TimeoutExpired:
        return CommandResult(1, {}, f"it took more than {seconds:.0f} seconds")
    finally:
        if process.returncode is None:
            end_session(process)
            process.communicate()
        watch(process, False)
    data: Json = None
    with contextlib.suppress(ValueError):
        data = json.loads(out)
    text = (err.strip() or out.strip()).decode("utf-8", "replace")
    return CommandResult(process.returncode, data if isinstance(data, dict) else {}, text)
