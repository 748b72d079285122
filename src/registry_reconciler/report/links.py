"""Where a place of a file is shown by the host of the repository."""

from __future__ import annotations

from urllib.parse import quote

from registry_reconciler.model.entry import Location
from registry_reconciler.report.options import RenderOptions


def link_target(location: Location, options: RenderOptions) -> str:
    """The address of a place at the host; "" where the base is not known or the path does not stay below it."""
    steps = [step for step in f"{options.path_prefix}/{location.path}".split("/") if step not in ("", ".")]
    base = options.link_base.rstrip("/")
    if not base.startswith(("https://", "http://")) or not location.path or ".." in steps:
        return ""
    path = "/".join(quote(step.encode("utf-8", "surrogatepass"), safe="") for step in steps)
    line = f"#L{location.line}" if location.line else ""
    return f"{quote(base, safe=':/?=&%@+,;~.-_')}/{path}{line}"
