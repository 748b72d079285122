"""``registry schema``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import LOCK_TIMEOUT, Call, answer, make_call, planning_of
from registry_reconciler.cli.options import Format, LockTimeout, Root
from registry_reconciler.cli.output import write_file
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry schema fragment --out .system/registry/fragment.schema.json

  Written: .system/registry/fragment.schema.json
  First line of a fragment, for editors:
  # yaml-language-server: $schema=../.system/registry/fragment.schema.json
"""


def command(
    what: Annotated[
        str,
        typer.Argument(metavar="plan|fragment|x-registry|config|rule|outputs|fleet|KIND", show_default=False),
    ],
    example: Annotated[
        bool, typer.Option("--example", help="Print a fragment with an example entry of the kind instead.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file instead.")
    ] = None,
    root: Root = None,
    format: Format = "text",
    lock_timeout: LockTimeout = LOCK_TIMEOUT,
) -> int:
    """Print a JSON Schema.

    It describes a plan, a fragment (with the ids of this workspace, for editors), x-registry, the
    configuration, a rule file, outputs.yaml, fleet.yaml, or the entries of a kind. 'registry schema new' writes
    the schema file of a new kind.
    """
    from registry_reconciler.editing.schema_command import PUBLISHED
    from registry_reconciler.model.plan_json import dumps

    call = make_call("schema", root=root, format=format, lock_timeout=lock_timeout)
    if example:
        return _example(call, what, out)
    if what in PUBLISHED:
        schema: Json = PUBLISHED[what]()
    else:
        from registry_reconciler.editing.schema_command import schema_of

        schema = schema_of(planning_of(call.workspace()), what)
    return _deliver(call, what, dumps(schema), {"schema": schema}, out)


def _example(call: Call, what: str, out: Path | None) -> int:
    from registry_reconciler.editing.schema_command import PUBLISHED, example_fragment

    if what in PUBLISHED or what == "fragment":
        raise UsageFailure("--example needs the name of a kind", next=(("registry", "list", "--kinds"),))
    text = example_fragment(planning_of(call.workspace()), what)
    return _deliver(call, what, text, {"example": text}, out)


def _deliver(call: Call, what: str, text: str, body: dict[str, Json], out: Path | None) -> int:
    if out is None:
        return answer(call, text, body)
    write_file(out, text)
    lines = [f"Written: {visible(str(out))}"]
    if what == "fragment":
        lines += ["First line of a fragment, for editors:", _modeline(call, out)]
    return answer(call, "\n".join(lines) + "\n", {"written": str(out)})


def _modeline(call: Call, out: Path) -> str:
    import os

    from registry_reconciler.editing.schema_command import MODELINE
    from registry_reconciler.model.config import DESIRED_FOLDER

    desired = call.workspace().root / DESIRED_FOLDER
    return visible(MODELINE + Path(os.path.relpath(out, desired)).as_posix())
