"""Where a workspace is: the folder that holds its schemas.

A module of its own, because a known answer is given again without what makes plans.
"""

from __future__ import annotations

import os
from pathlib import Path

from registry_reconciler.errors import NoWorkspace

SCHEMAS = ".system/registry/schemas"
FLEET_FILE = "fleet.yaml"


def nearest(start: Path) -> Path | None:
    """The nearest folder with schemas: an absolute path itself, or one above it; ``None`` where there is none."""
    return next((folder for folder in (start, *start.parents) if (folder / SCHEMAS).is_dir()), None)


def find_root(start: Path) -> Path:
    """The workspace that a directory lies in, for the command line.

    Raises:
        NoWorkspace: there is none.
    """
    here = Path(os.path.abspath(start))
    found = nearest(here)
    if found is not None:
        return found
    raise NoWorkspace(
        f"no workspace here: neither {here} nor a folder above it has {SCHEMAS}/. "
        "Make one with 'registry init', or name it with --root DIR.",
        next=(("registry", "init"),),
    )
