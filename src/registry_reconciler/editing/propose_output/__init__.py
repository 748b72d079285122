"""What in a file equals a registry today, as outputs: a table, a list, a count, or a part of a structured file.

Only what comes out of a definition byte for byte is proposed: so nothing changes when it is taken over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from registry_reconciler.editing.propose_output.proposal import Proposal
from registry_reconciler.editing.propose_output.search import Search, free_id
from registry_reconciler.editing.propose_output.write import write_proposals
from registry_reconciler.errors import UsageFailure
from registry_reconciler.files.names import unsafe
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.table import FORMATS, format_named
from registry_reconciler.loading.registries import order_in_files
from registry_reconciler.model.kind import parse_at
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.names import may_own
from registry_reconciler.outputs.owners import claims
from registry_reconciler.outputs.regions import example
from registry_reconciler.outputs.texts import NoText, decoded

if TYPE_CHECKING:
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.rules.entry_set import Entry

__all__ = ["Proposal", "from_template", "proposals", "write_proposals"]

_STRUCTURED = tuple(suffix for row in FORMATS.values() if row.several_entries for suffix in row.suffixes)
_MOST = 20


def from_template(planning: Planning, name: str, kind: str, file: str) -> Proposal:
    """A ready one. Raises :class:`UsageFailure`."""
    from registry_reconciler.editing.output_templates import ready

    found = ready(name, planning.loaded.kinds[kind], file)
    path = str(found.definition["file"])
    _require_free(path)
    try:
        there = planning.loaded.tree.read(path) is not None
    except UnreadablePath as fault:
        raise UsageFailure(f"{path} cannot be read: {fault}") from fault
    region = found.definition.get("region")
    ids = {output.id for output in planning.outputs}
    proposal = Proposal(
        f"{name} of {kind}",
        {**found.definition, "id": free_id(str(found.definition["id"]), ids)},
        found.template,
        found.name,
        example(path, region) if isinstance(region, str) else (),
        starter="" if there else found.starter,
    )
    owner = _owner(planning, proposal)
    if owner:
        where = f"the region {region!r}" if region else str(found.definition.get("at", "all"))
        raise UsageFailure(f"{where} of {path} belongs to {owner} already; name another FILE")
    return proposal


def proposals(
    planning: Planning,
    file: str,
    kind: str | None = None,
    owned: list[str] | None = None,
    nearly: list[str] | None = None,
) -> list[Proposal]:
    """What in a file equals a registry. Raises :class:`UsageFailure` where it cannot be looked at.

    Args:
        owned: is told what would be proposed if it were not owned already, and by whom.
        nearly: is told what nearly equals one, and what differs.
    """
    _require_free(file)
    try:
        data = planning.loaded.tree.read(file)
    except UnreadablePath as fault:
        raise UsageFailure(f"{file} cannot be read: {fault}") from fault
    if data is None:
        raise UsageFailure(f"there is no file {file} in this workspace; paths count from its root")
    kinds = {
        name: rows
        for name in planning.loaded.kinds
        if (kind is None or name == kind) and (rows := planning.entry_sets.after.of(name))
    }
    taken = [output for output in planning.outputs if output.file == file]
    if any(output.whole for output in taken):
        raise UsageFailure(
            f"all of {file} is the output {next(output.id for output in taken if output.whole)} already"
        )
    ids, places = {output.id for output in planning.outputs}, {output.at for output in taken if output.at}
    own = {name: kind.at for name, kind in planning.loaded.kinds.items() if kind.file.match(file) is not None}
    found = list(_found(Search(file, kinds, ids, places, (), own), data))
    # What is not in the order of the keys may be in that of the files.
    places |= {str(proposal.definition.get("at", "")) for proposal in found}
    spans = [span for proposal in found for span in proposal.spans]
    in_files = _by_file(planning, kinds)
    by_file = Search(file, in_files, ids, places, spans, own, by_file=True)
    found += _found(by_file, data)
    if nearly is not None:
        places |= {str(proposal.definition.get("at", "")) for proposal in found}
        spans = [span for proposal in found for span in proposal.spans]
        nearly += _nearly(Search(file, kinds, ids, places, spans, own), data, in_files)
    free: list[Proposal] = []
    for proposal in found:
        owner = _owner(planning, proposal)
        if not owner:
            free.append(proposal)
        elif owned is not None:
            owned.append(f"{proposal.title}, but it belongs to {owner}.")
    return free[:_MOST]


def _found(search: Search, data: bytes) -> Iterator[Proposal]:
    if search.file.lower().endswith(_STRUCTURED):
        yield from search.structured(data)
        return
    if not format_named(search.file).several_entries:  # front matter above a text
        yield from search.structured(data)
    try:
        yield from search.text(decoded(data))
    except NoText as fault:
        raise UsageFailure(f"{search.file} is no text: {fault}") from None


def _nearly(search: Search, data: bytes, in_files: Mapping[str, Sequence[Entry]]) -> Iterator[str]:
    orders = {
        kind: [rows, in_files[kind]] if kind in in_files else [rows] for kind, rows in search.kinds.items()
    }
    if search.file.lower().endswith(_STRUCTURED):
        yield from search.nearly_structured(data, orders)
    else:
        with suppress(NoText):
            yield from search.nearly_text(decoded(data), orders)


def _by_file(planning: Planning, kinds: Mapping[str, Sequence[Entry]]) -> dict[str, Sequence[Entry]]:
    """The entries of kinds as they stand in files, where that is not by key."""
    known = planning.loaded.kinds
    found: dict[str, Sequence[Entry]] = {}
    for name, rows in kinds.items():
        order = {
            address: number
            for number, address in enumerate(order_in_files(planning.loaded.tree, known[name], known))
        }
        ordered = sorted(rows, key=lambda row: order.get(row.address, len(order)))
        if ordered != list(rows):
            found[name] = ordered
    return found


def _owner(planning: Planning, proposal: Proposal) -> str:
    """The registry, or the other output, that owns the place; "" where nobody does."""
    place = str(proposal.definition.get("at", ""))
    output = Output(
        str(proposal.definition["id"]),
        str(proposal.definition["file"]),
        str(proposal.definition.get("region", "")),
        place,
        parse_at(place),
    )
    barred, problems = claims((*planning.outputs, output), planning.loaded.kinds)
    mine = [problem.related[0].message for problem in problems if problem.place == output.place]
    return (mine or ["another output"])[0] if output.id in barred else ""


def _require_free(file: str) -> None:
    fault = unsafe(file)
    if fault is not None or not may_own(file):
        raise UsageFailure(f"{file} cannot hold an output: {fault or 'it belongs to registry itself'}")
