"""``registry outputs new``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.cli.common import answer, planning_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.errors import UsageFailure

if TYPE_CHECKING:
    from registry_reconciler.editing.propose_output import Proposal
    from registry_reconciler.planning.pipeline import Planning

EXAMPLE = """\
  registry outputs new .claude-plugin/marketplace.json

  .claude-plugin/marketplace.json at plugins: one item for each plugin
  Add to .system/registry/outputs.yaml, under 'outputs':
    - id: marketplace-plugins
      file: .claude-plugin/marketplace.json
      at: plugins
      each: plugin
      item:
        name: '{{ key }}'
        source: ./{{ path }}
  Next: registry outputs new .claude-plugin/marketplace.json --write
"""


def command(
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="The file to look at.", show_default=False),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            "--template",
            metavar="NAME",
            help="Start from this template: table, count, claude-marketplace, cursor-marketplace, codeowners, "
            "agents-section, claude-section.",
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="Use only entries of this kind.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Add the output to outputs.yaml, and its markers to the file.")
    ] = False,
    *,
    shared: Shared,
) -> int:
    """Propose an output for a file.

    It looks for what equals the registries today, or starts from a template. Writes nothing without --write.
    """
    from registry_reconciler.editing.propose_output import from_template, proposals, write_proposals
    from registry_reconciler.report.words import command_line

    call = shared.call("outputs new")
    workspace = call.workspace()
    planning = planning_of(workspace)
    if kind is not None and kind not in planning.loaded.kinds:
        raise UsageFailure(f"there is no kind {kind!r}.{did_you_mean(kind, planning.loaded.kinds)}")
    owned: list[str] = []
    nearly: list[str] = []
    if template is not None:
        found = [from_template(planning, template, _only_kind(planning, kind), file or "")]
    elif file is not None:
        found = proposals(planning, file, kind, owned, nearly)
    else:
        raise UsageFailure("say which FILE to look at, or --template NAME with --kind KIND")
    written: list[str] = []
    if write and found:
        written = write_proposals(workspace, planning, found)
    lines = [line for proposal in found for line in _lines(proposal)]
    if not found:
        free = "else " if owned else ""
        lines = [
            *(visible(line) for line in owned),
            f"Nothing {free}in {visible(file or '')} equals a registry today.",
        ]
    lines += [f"Nearly: {visible(line)}" for line in nearly]
    lines += [f"  wrote {visible(path)}" for path in written]
    next: list[list[str]] = []
    if written:
        next = [["registry", "plan"]]
    elif found:
        typed = [word for word in ("--template", template) if template] + (["--kind", kind] if kind else [])
        next = [["registry", "outputs", "new", *([file] if file else []), *map(str, typed), "--write"]]
    lines += [f"Next: {command_line(step)}" for step in next]
    body = {"proposals": [proposal.to_json() for proposal in found], "nearly": nearly, "written": written}
    return answer(call, "\n".join(lines) + "\n", body, next=next)


def _only_kind(planning: Planning, kind: str | None) -> str:
    if kind is not None:
        return kind
    kinds = list(planning.loaded.kinds)
    if len(kinds) == 1:
        return kinds[0]
    raise UsageFailure(f"--kind says of which kind: {', '.join(kinds)}")


def _lines(proposal: Proposal) -> list[str]:
    from registry_reconciler.formats.yaml.edit.emit import dump

    lines = [visible(proposal.title), "Add to .system/registry/outputs.yaml, under 'outputs':"]
    lines += [f"  {visible(line)}" for line in dump([proposal.definition]).splitlines()]
    if proposal.template:
        lines.append(f"with .system/registry/templates/{visible(proposal.template_name)}:")
        lines += [f"  {visible(line)}" for line in proposal.template.splitlines()]
    if proposal.starter:
        lines.append(
            f"{visible(str(proposal.definition['file']))} is not there; it is begun with names to change:"
        )
        lines += [f"  {visible(line)}" for line in proposal.starter.splitlines()]
    if proposal.markers and not proposal.spans:
        lines.append(f"and in {visible(str(proposal.definition['file']))}:")
        lines += [f"  {visible(line)}" for line in proposal.markers]
    return lines
