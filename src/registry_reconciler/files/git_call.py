"""The one place that starts git, to read and to settle conflicts, in an environment that no repository can widen.

A repository's own configuration can name programs: for hooks, filters, text conversion, a file system monitor, a
pager, a signature check, a transport. A folder that somebody handed over whole brings such a configuration along, and
a partial clone runs its transport as soon as an object is missing. So nothing of that is left open here: only commands
that read are known, the environment is an allow-list, every setting that names a program is overridden, no protocol is
allowed, and programs are looked up outside the repository. Tests hold that no other module starts git.

Fetching (:func:`fetch_ask`) is for the bare clones of a cache, whose configuration nobody but us writes: three
protocols are allowed, and the user's own settings say how git gets through to a host.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files.git_files import irregular_file

READERS = frozenset(
    {
        *("blame", "cat-file", "config", "ls-files", "ls-tree", "merge-base", "rev-list", "rev-parse"),
        "merge-file",  # with -p, which prints
    }
)
"""The commands that may be called. None of them writes, and none shows differences of its own accord."""

WRITERS = frozenset({"hash-object", "update-index"})
"""What may be called to tell git that a conflict is settled. Neither looks at filters or hooks as it is called."""

FETCHERS = frozenset({"fetch", "init", "ls-remote"})
"""What may be called in a bare clone of the cache."""

PATIENCE = 120.0
"""Seconds that a command may take: a configuration can include a pipe that nobody writes to."""

Running: TypeAlias = "subprocess.Popen[bytes]"
"""A command of git that has been started."""

_NOTHING = "exit 1"
_SETTINGS = (
    # Programs that git itself would start.
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.pager", "cat"),
    ("core.editor", _NOTHING),
    ("core.askPass", ""),
    ("core.sshCommand", _NOTHING),
    ("core.gitProxy", ""),
    ("core.alternateRefsCommand", _NOTHING),
    ("credential.helper", ""),
    ("gpg.program", _NOTHING),
    ("gpg.ssh.program", _NOTHING),
    ("gpg.x509.program", _NOTHING),
    ("log.showSignature", "false"),
    # What is fetched or maintained by the way.
    ("protocol.allow", "never"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    # A repository that lies in the files of another one, as a pull request may bring, is none.
    ("safe.bareRepository", "explicit"),
    # Files elsewhere that a repository may point to, and forms that would change what is read.
    ("core.attributesFile", os.devnull),
    ("core.excludesFile", os.devnull),
    ("core.quotePath", "false"),
    ("color.ui", "false"),
    # That grafts are not looked at is said with an option that is no longer wished for.
    ("advice.graftFileDeprecated", "false"),
)
_KEPT = frozenset(
    {
        # Where the user's own settings are: safe.directory counts only there.
        *("HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME", "SUDO_UID"),
        *("USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
        # What programs need to start at all.
        *("SYSTEMROOT", "COMSPEC", "PATHEXT", "TMPDIR", "TEMP", "TMP", "DEVELOPER_DIR"),
    }
)
_SET = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # Objects are seen as they were committed.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    # What a partial clone has not got stays unknown. Older ones do not know the first of these, and start a fetch:
    # by the second no protocol is allowed to it, whatever the configuration says.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
}


_USERS_OWN = frozenset(
    {"core.askPass", "core.sshCommand", "core.gitProxy", "credential.helper", "protocol.allow"}
)
"""Settings that are the user's own where something is fetched."""

_TRANSPORT = (
    ("protocol.allow", "never"),
    ("protocol.https.allow", "always"),
    ("protocol.ssh.allow", "always"),
    ("protocol.file.allow", "always"),
    # A host that sends nothing for so long has gone.
    ("http.lowSpeedLimit", "100"),
    ("http.lowSpeedTime", "60"),
    ("http.followRedirects", "initial"),
    ("fetch.writeCommitGraph", "false"),
    ("transfer.bundleURI", "false"),
)

_KEPT_TO_FETCH = frozenset(
    {
        *(
            "SSH_AUTH_SOCK",
            "GIT_SSH_COMMAND",
            "GIT_SSH",
            "GIT_SSH_VARIANT",
            "GIT_ASKPASS",
            "GIT_CONFIG_GLOBAL",
        ),
        *("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_FILE"),
        *("SSL_CERT_DIR", "CURL_CA_BUNDLE"),
    }
)
"""How the user gets through to a host."""


class GitFailure(RegistryFailure):
    """Git is not there, this is no repository, or its history does not reach far enough."""

    code = "git"


def ask(
    folder: Path,
    arguments: Sequence[str],
    *,
    check: bool = True,
    settings: Sequence[tuple[str, str]] = (),
    given: bytes | None = None,
    writes: bool = False,
    bare: bool = False,
    seconds: float = PATIENCE,
) -> bytes | None:
    """What a command of git prints; ``None`` where it fails and ``check`` is false.

    Args:
        folder: where it runs, in the work tree.
        settings: more of the configuration, overridden for this call.
        given: its standard input.
        writes: it is one of the commands that write.
        bare: the folder is a bare repository, which the caller knows to be one.
        seconds: so long it may take.

    Raises:
        GitFailure: git is missing, took too long, or the command failed.
    """
    try:
        process = start(
            folder,
            arguments,
            settings=settings,
            asked=given is not None,
            errors=subprocess.PIPE,
            writes=writes,
            bare=bare,
        )
    except GitFailure:
        if not check:
            return None
        raise
    try:
        output, errors = process.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired:
        errors, output = f"it took more than {seconds:.0f} seconds".encode(), b""
    finally:
        if process.returncode is None:
            process.kill()
            process.communicate()
    if process.returncode == 0:
        return output
    if not check:
        return None
    why = errors.decode("utf-8", "replace").strip().expandtabs(4) or f"exit {process.returncode}"
    raise GitFailure(f"git {arguments[0]}: {why}")


def start(
    folder: Path,
    arguments: Sequence[str],
    *,
    settings: Sequence[tuple[str, str]] = (),
    asked: bool = False,
    errors: int = subprocess.DEVNULL,
    writes: bool = False,
    bare: bool = False,
) -> Running:
    """Start a command of git that reads. ``asked``: questions come through its standard input.

    Args:
        bare: as :func:`ask` has it.

    Raises:
        GitFailure: there is no git, or no repository that may be asked.
    """
    known = arguments[0] in (WRITERS if writes else READERS)
    if not known or (arguments[0] == "merge-file" and arguments[1:2] != ["-p"]):
        raise ValueError(f"git {arguments[0]} is not one of the commands that may be called")
    top = folder if bare else top_of(folder)
    if top is None:
        raise GitFailure(f"{folder} lies in no git repository, and this needs one")
    fault = irregular_file(top)
    if fault:
        raise GitFailure(fault)
    path = os.pathsep.join(_search_path(top))
    program = _program(path)
    if program is None:
        raise GitFailure("git is not installed, and this needs it")
    environment = _environment(path, top, (*_SETTINGS, *settings), bare=bare)
    return _popen([program, "--no-pager", *arguments], folder, environment, asked=asked, errors=errors)


def fetch_ask(
    folder: Path,
    arguments: Sequence[str],
    *,
    settings: Sequence[tuple[str, str]] = (),
    seconds: float = PATIENCE,
    started: Callable[[Running], None] | None = None,
) -> bytes:
    """What a command prints that talks to another repository, in a bare clone of the cache and a session of its own.

    Args:
        settings: more of the configuration: the address stands there, where no list of processes shows it.
        started: told the process, which may be ended by somebody else too: :func:`end_session`.

    Raises:
        GitFailure: there is no git, it took too long, or the command failed.
    """
    process = _fetch_start(folder, arguments, settings)
    if started is not None:
        started(process)
    output, errors = said_by(process, arguments[0], seconds)
    if process.returncode == 0:
        return output
    why = errors.decode("utf-8", "replace").strip() or f"exit {process.returncode}"
    raise GitFailure(f"git {arguments[0]}: {why}")


def said_by(process: Running, name: str, seconds: float) -> tuple[bytes, bytes]:
    """What a command in a session of its own prints, to both ends.

    Raises:
        GitFailure: it took too long.
    """
    try:
        return process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise GitFailure(f"git {name}: it took more than {seconds:.0f} seconds") from None
    finally:
        if process.returncode is None:
            end_session(process)
            process.communicate()


def end_session(process: Running) -> None:
    """End a process that was started in a session of its own, and what it started."""
    with contextlib.suppress(OSError, AttributeError):  # Windows has no groups of processes
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        process.kill()


def _fetch_start(folder: Path, arguments: Sequence[str], settings: Sequence[tuple[str, str]]) -> Running:
    if arguments[0] not in FETCHERS:
        raise ValueError(f"git {arguments[0]} is not one of the commands that may be called")
    path = os.pathsep.join(_search_path(folder))
    program = _program(path)
    if program is None:
        raise GitFailure("git is not installed, and repositories are fetched with it")
    settled = [pair for pair in _SETTINGS if pair[0] not in _USERS_OWN]
    environment = _environment(path, folder, (*settled, *_TRANSPORT, *settings), bare=True)
    users = {name: value for name, value in os.environ.items() if name.upper() in _KEPT_TO_FETCH}
    return _popen(
        [program, "--no-pager", *arguments],
        folder,
        {**environment, **users, "GIT_ALLOW_PROTOCOL": "file:https:ssh"},
        errors=subprocess.PIPE,
        session=True,
    )


def _popen(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    asked: bool = False,
    errors: int,
    session: bool = False,
) -> Running:
    try:
        return subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=session,
        )
    except OSError as error:
        raise GitFailure(f"git cannot be started: {error.strerror or error}") from error


def top_of(folder: Path) -> Path | None:
    """The top of the work tree that a folder lies in; ``None`` where there is none.

    A repository without a work tree on the way up is not taken: its files may be files of another repository.
    """
    here = Path(os.path.realpath(folder))
    for parent in (here, *here.parents):
        # A folder of that name that is no repository is passed over, by git too.
        if os.path.isfile(parent / ".git") or _is_bare(parent / ".git"):
            return parent
        if _is_bare(parent):
            return None
    return None


def _is_bare(folder: Path) -> bool:
    return all(os.path.lexists(folder / name) for name in ("HEAD", "objects", "refs"))


def _search_path(top: Path) -> Iterator[str]:
    """The folders of ``PATH`` in which programs are looked for: none that is relative or lies in the work tree."""
    for part in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if os.path.isabs(part) and not Path(os.path.realpath(part)).is_relative_to(top):
            yield part


def _program(path: str) -> str | None:
    names = ["git"] if os.name != "nt" else ["git.exe", "git.cmd"]
    for folder in path.split(os.pathsep):
        for name in names:
            found = os.path.join(folder, name)
            if folder and os.access(found, os.X_OK) and stat.S_ISREG(os.stat(found).st_mode):
                return found
    return None


def _environment(
    path: str, top: Path, settings: Sequence[tuple[str, str]], *, bare: bool = False
) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper() in _KEPT}
    # Not -c NAME=VALUE: a name may hold an equals sign.
    given = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings):
        given |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    # The work tree is where the repository was found, whatever core.worktree says.
    where = {"GIT_DIR": str(top)} if bare else {"GIT_WORK_TREE": str(top)}
    return {**kept, **_SET, **given, "PATH": path, **where}


WORKERS = frozenset(
    {
        *("add", "check-ref-format", "commit", "config", "diff-index", "log", "push", "rev-parse", "status"),
        *("update-ref", "var", "worktree"),
    }
)
"""What may be called where somebody asked for a commit of their own: in a work tree made for it, as that user."""

_WORK = (
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("core.editor", _NOTHING),
    ("core.quotePath", "false"),
    ("color.ui", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    # Nobody's name is made up from that of the machine.
    ("user.useConfigOnly", "true"),
)
_NO_HOOKS = (("core.hooksPath", os.devnull),)

_ELSEWHERE = frozenset(
    {
        *(
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_COMMON_DIR",
            "GIT_PREFIX",
        ),
        *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES", "GIT_EDITOR"),
    }
)
"""What would lead a command to another repository than the one that it is started in: a hook of git sets them."""


def work_start(
    folder: Path,
    arguments: Sequence[str],
    *,
    settings: Sequence[tuple[str, str]] = (),
    hooks: bool = False,
    bare: bool = False,
) -> Running:
    """Start a command that makes a commit of the user's, or leads to one, in a session of its own.

    Unlike the other ways in, this is the user's own git: their name, their signature, their way to a host. Nothing is
    looked at that way, and it is called for repositories that the user asked to be changed.

    Args:
        settings: more of the configuration, which no list of processes shows.
        hooks: the hooks of the repository are run, as they are for each commit of the user.
        bare: the folder is a bare repository.

    Raises:
        GitFailure: there is no git.
    """
    if arguments[0] not in WORKERS:
        raise ValueError(f"git {arguments[0]} is not one of the commands that may be called")
    path = os.pathsep.join(_search_path(folder))
    program = _program(path)
    if program is None:
        raise GitFailure("git is not installed, and commits are made with it")
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    given = (*_WORK, *(() if hooks else _NO_HOOKS), *settings)
    before = environment.get("GIT_CONFIG_COUNT", "")
    first = int(before) if before.isdigit() else 0
    for number, (name, value) in enumerate(given, first):
        environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    environment |= {"GIT_CONFIG_COUNT": str(first + len(given)), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    environment |= {"GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh", "GIT_OPTIONAL_LOCKS": "0", "PATH": path}
    if bare:
        environment["GIT_DIR"] = str(folder)
    words = [program, "--no-pager", *arguments]
    return _popen(words, folder, environment, errors=subprocess.PIPE, session=True)
