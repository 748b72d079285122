"""What a kind says of single fields: names, references, paths, mirrors."""

from __future__ import annotations

import posixpath

from msgspec import Struct

from registry_reconciler.model.fields import Selector
from registry_reconciler.model.problem import Severity


class Names(Struct, frozen=True):
    """Which fields hold the things that lookup needs; unmapped means absent."""

    name: Selector | None = None
    aliases: Selector | None = None
    priority: Selector | None = None
    source: Selector | None = None
    status: Selector | None = None
    required_caps: Selector | None = None


class Reference(Struct, frozen=True):
    """A field whose values are keys (or addresses, where ``kinds`` has several) of other entries.

    Attributes:
        in_fleet: the entry may stand in any repository of the fleet.
    """

    field: Selector
    kinds: tuple[str, ...]
    missing: Severity = Severity.ERROR
    allow: tuple[str, ...] = ()
    in_fleet: bool = False


class Mirror(Struct, frozen=True):
    """A field that each entry shares with the entry of another kind that has the same key.

    Attributes:
        field: of the entry of the kind that declares it, which is the source.
        at: of its partner.
        key: the field with the partner's key; ``None``: the entry's own key.
        missing: how bad it is that there is no partner; ``differs``: that the two say different things.
    """

    field: Selector
    kind: str
    at: Selector
    key: Selector | None = None
    missing: Severity = Severity.WARNING
    differs: Severity = Severity.ERROR


def base_folder(text: str) -> str:
    """What ``base`` of ``paths`` says, in its one spelling. Raises :class:`ValueError`."""
    if text.startswith("/") or "\\" in text or ".." in text.split("/"):
        raise ValueError(
            f"base {text!r} is no folder of the workspace: write '.', 'file', or a path below the root"
        )
    return text.removeprefix("./").rstrip("/") or "."


class PathRule(Struct, frozen=True):
    """A field whose values are files or folders of the workspace.

    Attributes:
        base: what they begin at: ``.`` the root, ``file`` the folder of the entry's registry file, or a folder.
    """

    field: Selector
    missing: Severity | None = Severity.ERROR
    unlisted: str | None = None
    unlisted_severity: Severity = Severity.WARNING
    base: str = "."

    def resolved(self, named: str, file: str) -> str:
        """A path as it is from the root: "" is the root; one that leads out of it begins with ``..`` or ``/``.

        Args:
            file: the registry file of the entry that names it.
        """
        folder = posixpath.dirname(file) if self.base == "file" else self.base
        path = posixpath.normpath(posixpath.join(folder, named))
        return "" if path == "." else path
