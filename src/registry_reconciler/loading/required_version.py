"""Whether this program is one that the workspace asks for: ``required_version`` in the configuration."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path

from registry_reconciler.errors import VersionRequired
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.config import CONFIG_PATH
from registry_reconciler.model.entry import Json
from registry_reconciler.version import __version__

_FIELD = "required_version"
_CONDITION = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*([0-9]+(?:\.[0-9]+)*)\s*")
_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": ge,
    "<=": le,
    "==": eq,
    "!=": ne,
    ">": gt,
    "<": lt,
}


def require_version(root: Path) -> None:
    """Look at the configuration on the disk, before a command does anything.

    Most workspaces ask for nothing: then the text is not even parsed.

    Raises:
        VersionRequired: the workspace asks for another program.
    """
    try:
        data = DiskTree(root).read(CONFIG_PATH) or b""
    except UnreadablePath:
        return
    if _FIELD.encode() not in data:
        return
    from registry_reconciler.formats.yaml.read.document import read_yaml

    for document in read_yaml(data).documents:
        require_of(document)


def require_of(content: Json) -> None:
    """The same for the content of the configuration, whatever else stands in it: a newer one may say more.

    Raises:
        VersionRequired: it asks for another program.
    """
    wanted = content.get(_FIELD) if isinstance(content, dict) else None
    if not isinstance(wanted, str) or satisfies(__version__, wanted):
        return
    raise VersionRequired(
        f"this workspace requires registry {wanted} ({_FIELD} in {CONFIG_PATH}), and this is {__version__}; "
        f"nothing was written. Install one that fits: pip install 'registry-reconciler{_joined(wanted)}'"
    )


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version meets all conditions of a text such as ``>=0.3, <2``. One that is no condition asks nothing."""
    have = _numbers(version)
    for condition in wanted.split(","):
        match = _CONDITION.fullmatch(condition)
        if match is None:
            continue  # the configuration's schema says so
        want = _numbers(match[2])
        size = max(len(have), len(want))
        padded = (have + (0,) * (size - len(have)), want + (0,) * (size - len(want)))
        if not _COMPARE[match[1]](*padded):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(map(int, found[0].split("."))) if found else (0,)


def _joined(wanted: str) -> str:
    return "".join(wanted.split())
