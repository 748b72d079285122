"""How a plan is shown. None of it is part of the plan."""

from __future__ import annotations

from msgspec import Struct


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
    """

    width: int = 80
    full: bool = False
    max_bytes: int | None = None
    label: str = ""
    link_base: str = ""
    path_prefix: str = ""
    command: str = "plan"
    base: str = ""
