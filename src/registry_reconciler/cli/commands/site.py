"""``registry site``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, planning_of, warn, warn_unseen
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry site --out build/catalogue

  build/catalogue: wrote 214, 0 unchanged, deleted 0.
  Open build/catalogue/index.html
"""


def command(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="The folder: a new or empty one, or that of an earlier catalogue.",
            show_default=False,
        ),
    ],
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="What the catalogue is called.")
    ] = "Catalogue",
    *,
    shared: Shared,
) -> int:
    """Write a catalogue of the workspace for the browser.

    A page for each kind, entry and rule, search, and pictures of what refers to what. Any host
    serves it, and it opens without one. Of what is in DIR only files are deleted that an earlier
    catalogue wrote and nobody edited. It needs the extra: pip install 'registry-reconciler[site]'.
    """
    from registry_reconciler.cli.waiting import waiting
    from registry_reconciler.site import gather, pages_of, publish

    call = shared.call("site")
    workspace = call.workspace()
    planning = planning_of(workspace)
    warn_unseen(planning.plan)
    with waiting():
        done = publish(out, pages_of(gather(planning, workspace.root, title)))
    warn([f"{out / path} was edited by hand, so it is left as it is" for path in done.left])
    parts = [f"wrote {done.written:,}", f"{done.unchanged:,} unchanged", f"deleted {done.deleted:,}"]
    lines = [
        f"{visible(str(out))}: {', '.join(parts)}.",
        f"Open {visible(str(out / 'index.html'))}",
    ]
    body: dict[str, Json] = {
        "out": str(out),
        "written": done.written,
        "unchanged": done.unchanged,
        "deleted": done.deleted,
        "left": list(done.left),
    }
    return answer(call, "\n".join(lines) + "\n", body)
