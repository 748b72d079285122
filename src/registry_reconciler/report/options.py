"""How a plan is shown. None of it is part of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from registry_reconciler.report.sources import Excerpts


class RenderOptions(Struct, frozen=True):
    """What the person or the CI job asked of the report.

    Attributes:
        width: columns of the terminal; prose is wrapped to it.
        full: nothing is folded and nothing is shortened.
        max_bytes: the most bytes (UTF-8) of a Markdown or brief report; ``None``: the default of the format.
        label: tells several reports of one workspace apart (Markdown).
        link_base: a URL that a path from the git root can be put behind, ``https://host/owner/name/blob/REV``.
        path_prefix: the workspace's folder inside the git work tree, "" when it is the root.
        command: ``plan``; ``check`` shows problems only, ``drift`` drift only.
        base: the revision compared with; then nothing can be applied and there is no plan id.
        sources: lines of the files as the plan has read them, for reports that quote them.
        origins: for an address who wrote what differs, a line each: what git says of a drifted entry.
    """

    width: int = 80
    full: bool = False
    max_bytes: int | None = None
    label: str = ""
    link_base: str = ""
    path_prefix: str = ""
    command: str = "plan"
    base: str = ""
    sources: Excerpts | None = None
    origins: Mapping[str, Sequence[str]] = field(default_factory=dict)
