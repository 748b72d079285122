"""``registry schema new``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, in_prose
from registry_reconciler.cli.new_file import write_new_file
from registry_reconciler.cli.options import Shared
from registry_reconciler.cli.output import put, say, write_file
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.editing.schema_new import Doubt, NewSchema

EXAMPLE = """\
  registry schema new server --from 'servers/*/server.yaml'

  Wrote .system/registry/schemas/server.schema.yaml: 328 entries,
  one a file in servers/{name}/server.yaml, key name.
  Next: registry adopt --all --dry-run
"""

_STDOUT = "-"
_FINDINGS_SHOWN = 10


def command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The name of the new kind.")],
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="FILE_OR_GLOB", help="Files with entries; {field} in it is a part of the path."
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The file to write; - prints it. By default in .system/registry/schemas/.",
        ),
    ] = "",
    at: Annotated[
        str,
        typer.Option("--at", metavar="PLACE", help="Where the entries lie in a file; guessed by default."),
    ] = "",
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="FIELD", help="The key field; repeatable. Guessed by default."),
    ] = None,
    *,
    shared: Shared,
) -> int:
    """Write the schema file of a new kind from files that are there.

    Guesses that you should check are marked in the file by comments that begin with '#?', and listed
    on standard error with their lines.
    """
    from registry_reconciler.editing.schema_new import new_schema
    from registry_reconciler.files.tree import DiskTree

    call = shared.call("schema new")
    workspace = call.workspace()
    made = new_schema(DiskTree(workspace.root), kind, source, at=at, key=key or ())
    where = out or made.path
    if out == _STDOUT:
        where = made.path
        if call.format == "text":
            _tell(made, where)
            put(made.content.decode("utf-8"))
            return 0
    elif out:
        write_file(Path(out), made.content.decode("utf-8"))
    else:
        write_new_file(workspace, "registry schema new", made.path, made.content)
    if call.format == "text":
        _tell(made, where)
    body: dict[str, Json] = {
        "kind": kind,
        "file": None if out == _STDOUT else where,
        "entries": made.entries,
        "x_registry": dict(made.spec),
        "doubts": [_doubt(doubt) for doubt in made.doubts],
        "findings": [
            {"code": code, "address": address, "message": message} for code, address, message in made.findings
        ],
    }
    if out == _STDOUT:
        body["content"] = made.content.decode("utf-8")
    text, next_ = _text(made, where), [["registry", "adopt", f"{kind}/*", "--dry-run"]]
    return answer(call, text, body, next=next_, draw=in_prose(text))


def _doubt(doubt: Doubt) -> dict[str, Json]:
    return {
        "line": doubt.line,
        "where": doubt.where,
        "decision": doubt.decision,
        "message": doubt.message,
    }


def _tell(made: NewSchema, where: str) -> None:
    if made.doubts:
        say("Not sure of:")
    for doubt in made.doubts:
        decide = "DECIDE: " if doubt.decision else ""
        say(f"  {where}:{doubt.line}: {decide}{doubt.message}")


def _text(made: NewSchema, where: str) -> str:
    from registry_reconciler.layouts import LAYOUTS

    spec = made.spec
    key = spec["key"] if isinstance(spec["key"], str) else ", ".join(spec["key"])
    layout = LAYOUTS[str(spec["layout"])].title
    at = f" at {spec['at']}" if "at" in spec else ""
    count = "1 entry" if made.entries == 1 else f"{made.entries:,} entries"
    lines = [
        f"Wrote {visible(where)}: {count},",
        f"{layout} in {visible(str(spec['file']))}{visible(at)}, key {visible(key)}.",
    ]
    if made.findings:
        lines.append("What plan says about them:")
        lines += _findings(made.findings)
    lines.append(f"Next: registry adopt '{made.spec['kind']}/*' --dry-run")
    return "\n".join(lines) + "\n"


def _findings(findings: Sequence[tuple[str, str, str]]) -> list[str]:
    """A line for each finding; many with one code are one line, since they are mostly one cause."""
    by_code: dict[str, list[tuple[str, str]]] = {}
    for code, address, message in findings:
        by_code.setdefault(code, []).append((address, message))
    lines: list[str] = []
    for code, found in by_code.items():
        if len(found) > _ALIKE:
            address, message = found[0]
            lines.append(f"  {code} {len(found):,} times, first of {visible(address)}: {visible(message)}")
        else:
            counts = Counter(visible(message) for _, message in found)
            lines += [
                f"  {code} {text}{f' ({count} times)' if count > 1 else ''}" for text, count in counts.items()
            ]
    more = len(lines) - _FINDINGS_SHOWN
    return lines if more <= 0 else [*lines[:_FINDINGS_SHOWN], f"  and {more:,} more: registry plan"]


_ALIKE = 3
"""So many findings with one code are told one by one."""
