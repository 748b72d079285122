"""``registry adopt``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, apply_or_ways_out, in_prose, warn, warn_unseen
from registry_reconciler.cli.options import DisplayOptions, DryRun, Shared
from registry_reconciler.cli.waiting import waiting
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan_json import location_to_json

if TYPE_CHECKING:
    from registry_reconciler.editing.adopt import Adoption, Skipped

EXAMPLE = """\
  registry adopt --all

  Adopted 41 entries:
    desired/ability_low.yaml  12 ability_low
    desired/route.yaml        29 route
  Skipped 1 entry:
    route/api.errors (modules/routes/api.yaml:12:5) LIV002: it stands in the
    registries twice, the second time in modules/routes/web.yaml.
      fix: Remove one of the two, or give it another key; adopt again.
  Next: registry apply (it changes the state only)
"""


def command(
    patterns: Annotated[
        list[str] | None,
        typer.Argument(metavar="[GLOB]...", help="Addresses, or globs that match addresses."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every entry that nobody manages.")] = False,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="file|kind|FIELD",
            help="Write one fragment for each kind, for each registry file, or for each value of a field.",
        ),
    ] = "kind",
    dry_run: DryRun = False,
    *,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Write fragments for live entries that nobody manages, with their comments.

    Registries stay as they are. Entries with problems are skipped and listed.
    """
    from registry_reconciler.editing.adopt import adopt
    from registry_reconciler.editing.amend import write_edits
    from registry_reconciler.files.tree import DiskTree

    call = shared.call("adopt", look)
    if bool(patterns) == all_:
        raise UsageFailure(
            "--all is everything already: leave out the patterns, or --all."
            if all_
            else "name what to adopt: addresses, globs, or --all."
        )
    workspace = call.workspace()
    with waiting():
        adoption = adopt(DiskTree(workspace.root), ["*"] if all_ else list(patterns or ()), by)
    written: tuple[str, ...] = ()
    if not dry_run and adoption.edits:
        # Computed before the lock: a fragment that changed since is found out when it is written.
        amendment = write_edits(workspace, adoption.edits, command="registry adopt")
        written = amendment.written
        warn(amendment.warnings)
    next_ = apply_or_ways_out(adoption.plan) if written else []
    warn_unseen(adoption.plan)
    text = _text(adoption, dry_run, full=call.full) + (_leads_on(adoption, next_) if written else "")
    return answer(call, text, _body(adoption, written), next=next_, draw=in_prose(text))


def _leads_on(adoption: Adoption, commands: Sequence[Sequence[str]]) -> str:
    """The last lines: what may be done next, and why it is not simply an apply."""
    from registry_reconciler.report.words import command_line, plural

    if adoption.plan.applicable:
        return "Next: registry apply (it changes the state only)\n"
    count = len(adoption.plan.blocking)
    lines = [
        f"{plural(count, 'problem')} {'was' if count == 1 else 'were'} there before, and "
        f"{'blocks' if count == 1 else 'block'} the next apply."
    ]
    lines += [
        ("Next: " if not number else "      ") + command_line(command)
        for number, command in enumerate(commands)
    ]
    return "\n".join(lines) + "\n"


def _body(adoption: Adoption, written: tuple[str, ...]) -> dict[str, Json]:
    return {
        "adopted": [
            {"address": entry.address, "file": entry.file, "fragment": entry.fragment}
            for entry in adoption.adopted
        ],
        "skipped": [_skipped(skipped) for skipped in adoption.skipped],
        "taken_out": [
            {"address": taken.address, "fields": list(taken.fields), "fragment": taken.fragment}
            for taken in adoption.taken_out
        ],
        "managed": adoption.managed,
        "written": list(written),
    }


def _skipped(skipped: Skipped) -> dict[str, Json]:
    return {
        "address": skipped.address,
        "location": location_to_json(skipped.location),
        "code": skipped.code,
        "message": skipped.why,
        "fix": skipped.fix,
    }


def _text(adoption: Adoption, dry_run: bool, *, full: bool) -> str:
    from registry_reconciler.editing.adopt import fragments_of

    lines: list[str] = []
    if adoption.adopted:
        lines.append(f"{'Would adopt' if dry_run else 'Adopted'} {_entries(len(adoption.adopted))}:")
        counts = fragments_of(adoption)
        shown = len(counts) if full else _FRAGMENTS_SHOWN
        some = dict(list(counts.items())[:shown])
        width = max(len(visible(path)) for path in some)
        for path, kinds in some.items():
            what = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
            lines.append(f"  {visible(path):<{width}}  {what}")
        if len(counts) > shown:
            lines.append(f"  … and {len(counts) - shown:,} more fragments (--full shows all)")
    elif not adoption.skipped and not adoption.taken_out:
        managed = f": {_entries(adoption.managed)} managed already" if adoption.managed else ""
        lines.append(f"Nothing to adopt{managed}.")
    if adoption.taken_out:
        lines.append(f"{'Would take' if dry_run else 'Took'} out of fragments what is declared by itself:")
        lines += _taken_lines(adoption)
    kept = [skipped for skipped in adoption.skipped if skipped.whole_kind]
    skipped_entries = [skipped for skipped in adoption.skipped if not skipped.whole_kind]
    if skipped_entries:
        lines.append(f"Skipped {_entries(len(skipped_entries))}:")
        lines += _skipped_lines(skipped_entries, full=full)
    if kept:
        lines.append("Left where they are:")
        lines += _skipped_lines(kept, full=full)
    return "\n".join(lines) + "\n"


def _taken_lines(adoption: Adoption) -> Iterator[str]:
    """The fields, by fragment, and of how many entries."""
    counts: dict[tuple[str, str], int] = {}
    for taken in adoption.taken_out:
        for name in taken.fields:
            counts[taken.fragment, name] = counts.get((taken.fragment, name), 0) + 1
    for (fragment, name), count in counts.items():
        yield f"  {visible(fragment)}  {visible(name)} of {_entries(count)}"


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def _skipped_lines(found: Sequence[Skipped], *, full: bool) -> Iterator[str]:
    """What is left out, the same of several told once: each with its place, why, and what to do."""
    groups: dict[tuple[str, str], list[Skipped]] = {}
    for skipped in found:
        groups.setdefault((skipped.code, _likewise(skipped)), []).append(skipped)
    for some in groups.values():
        shown = some if full else some[:_ALIKE_SHOWN]
        for skipped in shown:
            place = skipped.location.show()
            name = f"{skipped.address} ({place})" if skipped.address else place
            dot = "" if skipped.why.endswith(("?", "!", ".")) else "."
            yield f"  {visible(name)} {skipped.code}: {visible(skipped.why)}{dot}"
        if len(some) > len(shown):
            yield f"  … and {len(some) - len(shown):,} more (--full shows all)"
        fix = some[0].fix
        if len(some) > 1 and fix != _likewise(some[0]):
            fix = f"{fix.removesuffix(_AGAIN).rstrip('. ')}. Likewise for the others.{_AGAIN}"
        if fix:
            yield f"    fix: {visible(fix)}"


def _likewise(skipped: Skipped) -> str:
    """How to mend it but for the name of the entry: the same words for all that are mended alike."""
    key = skipped.address.partition("/")[2]
    return skipped.fix.replace(key, "…") if key else skipped.fix


_FRAGMENTS_SHOWN = 20
_ALIKE_SHOWN = 3
"""So many entries that are left out for one reason are shown, and how many more there are."""

_AGAIN = " Then adopt again."
