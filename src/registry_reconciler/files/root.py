"""Where a workspace is: the folder that holds its schemas.

A module of its own, because a known answer is given again without what makes plans.
"""

from __future__ import annotations

import os
from pathlib import Path

from registry_reconciler.errors import NoWorkspace

SCHEMAS = ".system/registry/schemas"


def find_root(start: Path) -> Path:
    """The workspace that a directory lies in: the nearest one above with a folder of schemas.

    Raises:
        NoWorkspace: there is none.
    """
    here = Path(os.path.abspath(start))
    for folder in (here, *here.parents):
        if (folder / SCHEMAS).is_dir():
            return folder
    raise NoWorkspace(
        f"no workspace here: neither {here} nor a folder above it has {SCHEMAS}/. "
        "Make one with 'registry init', or name it with --root DIR.",
        next=(("registry", "init"),),
    )
