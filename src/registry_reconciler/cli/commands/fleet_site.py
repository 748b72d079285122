"""``registry fleet site``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.catalogue import CatalogUrl, catalogue_of_call, snapshot_json
from registry_reconciler.cli.common import answer, warn
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry fleet site --out build/fleet

  build/fleet: wrote 214, 0 unchanged, deleted 0.
  Open build/fleet/index.html
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
    ] = "Fleet",
    catalog: CatalogUrl = None,
    *,
    shared: Shared,
) -> int:
    """Write a catalogue of all repositories for the browser.

    A page over all, with search and what refers from one repository to another, and below it the
    catalogue of each, as registry site writes it. It shows what was published. It needs the extras:
    pip install 'registry-reconciler[fleet,site]'.
    """
    from registry_reconciler.cli.waiting import waiting
    from registry_reconciler.fleet.site import write_site

    call = shared.call("fleet site")
    with catalogue_of_call(catalog) as catalogue, waiting():
        done = write_site(catalogue, out, title)
        of = snapshot_json(catalogue)
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
        "catalogue": of,
    }
    return answer(call, "\n".join(lines) + "\n", body)
