"""``registry list``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.base.globs import is_wild, matches_address
from registry_reconciler.cli.addresses import require_known, select
from registry_reconciler.cli.common import answer, planning_of, warn, warn_unseen
from registry_reconciler.cli.options import Shared
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.cli.common import Call
    from registry_reconciler.model.fields import Selector
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.queries.show import KindRow, Listed
    from registry_reconciler.queries.where import Condition
    from registry_reconciler.terminal import Screen

EXAMPLE = """\
  registry list route --managed

  route/api.errors  managed  modules/routes/api.yaml
  1 entry
"""


def command(
    patterns: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KIND|GLOB]...", help="A kind, an address or a glob.", show_default=False),
    ] = None,
    kinds: Annotated[bool, typer.Option("--kinds", help="List kinds: files, entries, managed.")] = False,
    managed: Annotated[
        bool | None,
        typer.Option(
            "--managed/--unmanaged",
            help="Only entries that are managed, or that are not.",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Only entries for which this holds: 'status=active tags~eval'; also !=, !~, <, >, FIELD, !FIELD.",
        ),
    ] = None,
    columns: Annotated[
        str,
        typer.Option(
            "--columns", metavar="FIELD,...", help="Show these fields of each entry instead of its file."
        ),
    ] = "",
    search: Annotated[
        str,
        typer.Option(
            "--search",
            metavar="TEXT",
            help="Only entries that have this text in their address or in a field.",
        ),
    ] = "",
    *,
    shared: Shared,
) -> int:
    """List entries, or kinds."""
    if kinds and (where or columns or search):
        raise UsageFailure("--kinds lists kinds: leave out --where, --columns and --search")
    if kinds and managed is not None:
        raise UsageFailure("--kinds counts both: leave out --managed or --unmanaged")
    call = shared.call("list")
    planning = planning_of(call.workspace())
    warn_unseen(planning.plan)
    require_known(
        planning,
        (pattern if "/" in pattern or is_wild(pattern) else f"{pattern}/*" for pattern in patterns or ()),
    )
    if kinds:
        return _kinds(call, planning, patterns or [])
    return _entries(call, planning, patterns or ["*"], _Query(managed, tuple(where or ()), columns, search))


class _Query(NamedTuple):
    """Which entries, and what of them."""

    managed: bool | None
    where: tuple[str, ...]
    columns: str
    search: str


def _entries(call: Call, planning: Planning, patterns: Sequence[str], query: _Query) -> int:
    from registry_reconciler.queries.show import listing, shown_value
    from registry_reconciler.queries.where import parse_where
    from registry_reconciler.report.words import plural

    conditions, columns = parse_where(query.where), _selectors(query.columns)
    rows = {row.address: row for row in listing(planning)}
    chosen = [rows[address] for address in select(patterns, rows)]
    if query.managed is not None:
        chosen = [row for row in chosen if row.managed is query.managed]
    values = {
        row.address: shown_value(planning, row.address)
        for row in chosen
        if conditions or columns or query.search
    }
    _warn_of_slips(conditions, columns, list(values.values()))
    chosen = [row for row in chosen if all(condition.holds(values[row.address]) for condition in conditions)]
    if query.search:
        text = query.search.casefold()
        chosen = [
            row for row in chosen if text in row.address.casefold() or _holds(values[row.address], text)
        ]
    if columns:
        names = [selector.text for selector in columns]
        table = [[row.address, *_cells(columns, values[row.address])] for row in chosen]
        head = [["", *names]] if chosen else []
    else:
        names, head = ["standing", "file"], []
        table = [[row.address, _standing(row), row.file] for row in chosen]
    count = f"{plural(len(chosen), 'entry')}\n"
    text = "".join(_columns([*head, *table])) + count
    body = [
        _row_to_json(row) | ({"columns": _found(columns, values[row.address])} if columns else {})
        for row in chosen
    ]
    drawn = partial(_drawn, ["address", *names], table, f"\n{count}" if table else count)
    return answer(call, text, {"entries": body}, draw=drawn)


def _holds(value: Json, text: str) -> bool:
    """Whether a text in a value has another one in it, in any case; what is secret is masked already."""
    if isinstance(value, str):
        return text in value.casefold()
    if isinstance(value, dict):
        return any(_holds(part, text) for part in value.values())
    return isinstance(value, list) and any(_holds(part, text) for part in value)


def _warn_of_slips(
    conditions: Sequence[Condition], columns: Sequence[Selector], values: Sequence[Mapping[str, Json]]
) -> None:
    """Say of fields that no entry has that it is so: an answer of nothing looks like a finding."""
    from registry_reconciler.base.suggest import did_you_mean

    def is_slip(field: Selector) -> bool:
        return bool(values) and not any(True for value in values for _ in field.find(value))

    names = sorted({name for value in values for name in value})
    fields = [*(condition.field for condition in conditions if not condition.behind), *columns]
    slips = dict.fromkeys(field.text for field in fields if is_slip(field))
    behind = [condition.behind for condition in conditions if condition.behind and is_slip(condition.field)]
    warn(
        [
            *(f"none of these entries has a field {slip!r}.{did_you_mean(slip, names)}" for slip in slips),
            *(
                f"--where: what stands behind {name!r} is no field of these entries. "
                f"To compare, write {name}=TEXT."
                for name in behind
            ),
        ]
    )


def _drawn(head: Sequence[str], table: Sequence[Sequence[str]], below: str, screen: Screen) -> str:
    return (screen.table(head, table) if table else "") + below


def _selectors(text: str) -> list[Selector]:
    from registry_reconciler.model.fields import Selector

    try:
        return [Selector.parse(part.strip()) for part in text.split(",")] if text else []
    except ValueError as error:
        raise UsageFailure(f"--columns takes fields, parted by commas: {error}.") from error


def _found(columns: Sequence[Selector], value: Mapping[str, Json]) -> dict[str, Json]:
    """What each field says: the value, a list where the selector steps over one, nothing where it is not there."""
    found: dict[str, Json] = {}
    for selector in columns:
        parts = [part for _, part in selector.find(value)]
        if parts:
            found[selector.text] = parts[0] if selector.single else parts
    return found


def _cells(columns: Sequence[Selector], value: Mapping[str, Json]) -> list[str]:
    from registry_reconciler.queries.where import shown
    from registry_reconciler.report.values import cut

    found = _found(columns, value)
    return [
        cut(", ".join(map(shown, _as_list(found[column.text]))), _CELL) if column.text in found else ""
        for column in columns
    ]


def _as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


_CELL = 60
"""The most columns of the terminal that one field takes."""


def _standing(row: Listed) -> str:
    if row.live_truth:
        return "live"
    word = "managed" if row.managed else "unmanaged" if row.status == "registered" else ""
    return ", ".join(filter(None, [word, row.status if row.status != "registered" else ""]))


def _row_to_json(row: Listed) -> dict[str, Json]:
    return {"address": row.address, "managed": row.managed, "status": row.status, "file": row.file}


def _kinds(call: Call, planning: Planning, patterns: Sequence[str]) -> int:
    from registry_reconciler.queries.show import kind_rows
    from registry_reconciler.report.words import plural

    heads = [pattern.partition("/")[0] for pattern in patterns]
    names = [
        name
        for name in planning.loaded.kinds
        if not heads or any(matches_address(head, name) for head in heads)
    ]
    rows = kind_rows(planning, names)
    table = [
        (row.kind, plural(row.entries, "entry"), f"{row.managed:,} managed", _place(row)) for row in rows
    ]
    broken = sorted(planning.loaded.catalog.broken)
    below = "".join(f"{visible(name)}  its schema is broken\n" for name in broken)
    text = "".join(_columns(table)) + below
    body = {"kinds": [_kind_to_json(row) for row in rows], "broken": broken}
    drawn = partial(_drawn, ["kind", "entries", "managed", "files"], table, below if text else "no kinds\n")
    return answer(call, text or "no kinds\n", body, draw=drawn)


def _place(row: KindRow) -> str:
    files = "no file" if not row.files else "1 file" if len(row.files) == 1 else f"{len(row.files):,} files"
    return f"{row.pattern} ({files})"


def _kind_to_json(row: KindRow) -> dict[str, Json]:
    return {
        "kind": row.kind,
        "title": row.title,
        "layout": row.layout,
        "file": row.pattern,
        "files": list(row.files),
        "entries": row.entries,
        "managed": row.managed,
    }


def _columns(table: Sequence[Sequence[str]]) -> list[str]:
    """Rows in columns, each as wide as its widest cell."""
    shown = [[visible(cell) for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in shown
    ]
