"""Definitions, templates and markers of proposals, written: each all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.editing.propose_output.proposal import Proposal
from registry_reconciler.errors import UsageFailure
from registry_reconciler.formats.edits import Insert
from registry_reconciler.formats.table import YAML
from registry_reconciler.model.config import OUTPUTS_PATH, TEMPLATES_FOLDER
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.outputs.texts import Text, decoded

if TYPE_CHECKING:
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.workspace import Workspace


def write_proposals(workspace: Workspace, planning: Planning, found: Sequence[Proposal]) -> list[str]:
    """Write definitions and templates, then the markers: each all or nothing.

    Raises:
        UsageFailure: a template of that name is there already.
        LockHeld, StalePlan, WriteFailure, InterruptedApply: see :func:`registry_reconciler.apply.commit`.
    """
    tree = planning.loaded.tree
    old = tree.read(OUTPUTS_PATH)
    edits = [Insert(0, ("outputs",), proposal.definition, container_kind="list") for proposal in found]
    data = (
        YAML.new_text({"outputs": [proposal.definition for proposal in found]})
        if not old
        else YAML.splice(old, edits)
    )
    files: dict[str, bytes | None] = {OUTPUTS_PATH: data}
    for proposal in found:
        if proposal.template:
            path = f"{TEMPLATES_FOLDER}/{proposal.template_name}"
            there = tree.read(path)
            if there is not None and there != proposal.template.encode():
                raise UsageFailure(f"nothing was written: {path} is there already, and is another template")
            files[path] = proposal.template.encode()
    written = _commit(workspace, planning, files)
    # An apply writes only what is defined: so these come second.
    marked = _marked(planning, found)
    starters = (proposal for proposal in found if proposal.starter)
    marked.update((str(proposal.definition["file"]), proposal.starter.encode()) for proposal in starters)
    return [*written, *(_commit(workspace, planning, marked) if marked else [])]


def _marked(planning: Planning, found: Sequence[Proposal]) -> dict[str, bytes | None]:
    """The files with the markers around what is derived; at their ends where nobody knows better."""
    files: dict[str, bytes | None] = {}
    for path in dict.fromkeys(str(proposal.definition["file"]) for proposal in found if proposal.markers):
        data = planning.loaded.tree.read(path)
        text = decoded(data or b"")
        body = text.body
        mine = [proposal for proposal in found if proposal.markers and proposal.definition["file"] == path]
        for proposal in sorted(mine, key=_first_place, reverse=True):
            begin, end = proposal.markers
            at = proposal.spans[0] if proposal.spans else None
            if at is not None and at.inline:
                body = f"{body[: at.start]}{begin}{body[at.start : at.end]}{end}{body[at.end :]}"
            elif at is not None:
                inner = body[at.start : at.end]
                inner += "" if inner.endswith("\n") else "\n"
                body = f"{body[: at.start]}{begin}\n{inner}{end}\n{body[at.end :]}"
            elif begin not in body:
                body += ("" if not body or body.endswith("\n") else "\n") + f"{begin}\n{end}\n"
        files[path] = Text(body, text.newline, text.bom).data()
    return files


def _first_place(proposal: Proposal) -> int:
    return proposal.spans[0].start if proposal.spans else -1


def _commit(workspace: Workspace, planning: Planning, files: Mapping[str, bytes | None]) -> list[str]:
    from registry_reconciler.apply import FileOp

    tree = planning.loaded.tree
    before = {path: tree.read(path) for path in files}
    digests = {path: None if data is None else digest_bytes(data) for path, data in before.items()}
    ops = [FileOp(path, digests[path], data) for path, data in files.items() if data != before[path]]
    if not ops:
        return []
    with workspace.write_session("registry outputs new", recovers=False) as session:
        receipt = session.commit(ops, inputs=digests)
    return sorted({*receipt.written, *receipt.created})
