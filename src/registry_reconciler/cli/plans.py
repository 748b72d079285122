"""Reports of plans, which ``plan``, ``apply``, ``check`` and ``diff`` share: several formats in one run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from registry_reconciler.cli.common import Call
from registry_reconciler.cli.output import put, write_file
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import Plan
from registry_reconciler.report.options import RenderOptions


class ReportExtras(Struct, frozen=True):
    """What a report says besides the plan.

    Attributes:
        exit: the exit code of the command.
        base: the revision compared with.
        errors: failures as the JSON shows them.
        next: ready commands; ``None``: those of the plan.
        extra: more fields of the JSON.
    """

    exit: int
    base: str = ""
    errors: Sequence[Mapping[str, Json]] = ()
    next: Sequence[Sequence[str]] | None = None
    extra: Mapping[str, Json] | None = None


def report_plan(call: Call, plan: Plan, shown: ReportExtras, root: Path) -> None:
    """Write the report files, then the report."""
    options = _options(call, call.command, root, base=shown.base)
    if any(form == "html" for form, _ in call.reports):
        options = with_sources(options, plan, root)
    for form, path in call.reports:
        write_file(path, plan_text(call, plan, shown, form, options))
    screen = call.screen if call.format == "text" else None
    text = screen.plan(plan, options, root) if screen else plan_text(call, plan, shown, call.format, options)
    put(text, long=call.command != "apply")  # what apply shows, it asks about


def page_of(call: Call, plan: Plan, root: Path, origins: Mapping[str, Sequence[str]]) -> str:
    """The page of the answer of another command; ``origins``: who wrote what differs, by address."""
    from msgspec.structs import replace

    from registry_reconciler.report import render

    options = with_sources(_options(call, call.command, root), plan, root)
    return render(plan, "html", replace(options, origins=origins))


def with_sources(options: RenderOptions, plan: Plan, root: Path) -> RenderOptions:
    """The same options for a report that quotes the files of the workspace."""
    from msgspec.structs import replace

    from registry_reconciler.report.sources import Excerpts

    return replace(options, sources=Excerpts(plan, root))


def plan_as_text(call: Call, plan: Plan, command: str = "plan") -> str:
    """A plan inside of the answer of another command."""
    from registry_reconciler.report import render

    root = call.workspace().root
    options = _options(call, command, root)
    plain = call.format != "text" or any(form == "text" for form, _ in call.reports)
    screen = None if plain else call.screen
    return screen.plan(plan, options, root) if screen else render(plan, "text", options)


def _options(call: Call, command: str, root: Path, *, base: str = "") -> RenderOptions:
    return RenderOptions(
        width=call.columns,
        full=call.full,
        max_bytes=call.max_bytes,
        label=call.label,
        link_base=link_base(),
        path_prefix=path_prefix(root),
        command=command,
        base=base,
    )


def plan_text(call: Call, plan: Plan, shown: ReportExtras, form: str, options: RenderOptions) -> str:
    """One report, as it stands in a file or a pipe."""
    if form != "json":
        from registry_reconciler.report import render

        return render(plan, form, options)
    from registry_reconciler.model.plan_json import dumps, plan_to_json

    data = plan_to_json(
        plan, command=call.command, exit=shown.exit, errors=shown.errors, next=shown.next, base=shown.base
    )
    if shown.extra:
        tail = {name: data.pop(name) for name in ("errors", "next")}
        data = {**data, **shown.extra, **tail}
    return dumps(data)


def path_prefix(root: Path) -> str:
    """The workspace's folder inside the git work tree; "" when it is the root, or outside git."""
    here = Path(os.path.abspath(root))
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            relative = here.relative_to(folder).as_posix()
            return "" if relative == "." else relative
    return ""


def link_base() -> str:
    """What links in Markdown are put behind, on a CI runner that says where it runs."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")
    server, repository, revision = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/blob/{revision}" if server and repository and revision else ""
