"""Where the process that renders begins: it imports the parts of Jinja2 that templates need, and not its front door.

That one brings readers of disks and packages, and a cache of compiled templates with pickles and temporary files: a
good part of the time until the first template, and nothing that a template may reach.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec


def main(memory: int) -> None:
    """Render until there is nothing more to render."""
    spec = find_spec("jinja2")
    if spec is not None:
        sys.modules["jinja2"] = module_from_spec(spec)  # found in its folder, and never run
    from registry_reconciler.outputs import child

    child.main(memory)
