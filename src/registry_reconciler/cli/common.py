"""What every command shares: its options, the workspace, progress, and how an answer leaves the program.

Conventions for a command module:

- ``command(...) -> int`` has a parameter for each option: an alias or a group of
  :mod:`registry_reconciler.cli.options`, or ``Annotated`` with typer's ``Option`` or ``Argument``. It returns the exit
  code.
- ``EXAMPLE`` is one worked example for the help: the call, indented by two, and what it prints.
- It makes a :class:`Call`, opens ``call.workspace()``, lets the library do the work, and ends in
  :func:`answer` (text and the JSON envelope) or in :func:`registry_reconciler.cli.plans.report_plan`.
- What cannot be done is raised as a :class:`~registry_reconciler.errors.RegistryFailure`: ``main`` turns it
  into a message, an exit code and JSON. Nothing is printed before the answer, except through :func:`say`.
- Heavy modules are imported inside the functions that need them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from registry_reconciler.cli import memory
from registry_reconciler.cli.output import (
    put,
    require_replaceable,
    say,
    stdout_is_terminal,
    write_file,
)
from registry_reconciler.cli.waiting import waiting
from registry_reconciler.errors import NoWorkspace, UsageFailure
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import PlanOptions

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.terminal import Screen
    from registry_reconciler.workspace import Workspace

LOCK_TIMEOUT = 10.0


class Call(Struct, frozen=True):
    """The options that every command has.

    Attributes:
        command: as typed, e.g. ``plan``.
        reports: (format, path) of the files to write besides.
        width: columns; ``None``: those of the terminal.
        color: allowed, if a terminal shows it.
        label: tells several Markdown reports of one workspace apart.
        max_bytes: the most of a Markdown or brief report.
        catalog: where the catalogue of the fleet is, as the option says.
    """

    command: str
    root: Path | None = None
    format: str = "text"
    reports: tuple[tuple[str, Path], ...] = ()
    lock_timeout: float = LOCK_TIMEOUT
    width: int | None = None
    full: bool = False
    color: bool = True
    label: str = ""
    max_bytes: int | None = None
    catalog: str | None = None

    @property
    def shows_files(self) -> bool:
        """Whether some report shows the contents of the files that a plan writes."""
        from registry_reconciler.report import FORMATS

        return any(FORMATS[name].shows_files for name in (self.format, *(name for name, _ in self.reports)))

    def workspace(self) -> Workspace:
        """The workspace of the call.

        Raises:
            NoWorkspace: there is none.
        """
        from registry_reconciler.files.root import SCHEMAS, find_root, nearest

        if self.root is None:
            return self._opened(find_root(Path.cwd()))
        root = Path(os.path.abspath(self.root))
        if not (root / SCHEMAS).is_dir():
            raise _no_workspace(self.root, nearest(root))
        return self._opened(root)

    def _opened(self, root: Path) -> Workspace:
        from registry_reconciler.cli.fleet_source import NamedCatalogue
        from registry_reconciler.workspace import Workspace

        return Workspace(
            root,
            lock_timeout=self.lock_timeout,
            use_cache=_remembers(),
            fleet=NamedCatalogue(root, self.catalog),
        )

    @property
    def columns(self) -> int:
        """How wide text may be."""
        if self.width is not None:
            return self.width
        if not stdout_is_terminal():
            return 80
        from shutil import get_terminal_size

        return get_terminal_size((80, 24)).columns

    @property
    def screen(self) -> Screen | None:
        """What answers are drawn on; ``None`` where they are plain text: in a file, a pipe, a dumb terminal.

        ``FORCE_COLOR`` draws into a pipe too. ``NO_COLOR`` and ``--no-color`` leave the structure.
        """
        from registry_reconciler.cli.output import stdout_shows_lines

        terminal = stdout_is_terminal() and os.environ.get("TERM") != "dumb"
        if not terminal and os.environ.get("FORCE_COLOR", "") in ("", "0"):
            return None
        from registry_reconciler.terminal import Screen
        from registry_reconciler.terminal.links import has_links

        color = self.color and not os.environ.get("NO_COLOR")
        links = color and terminal and has_links(os.environ)
        return Screen(self.columns, color=color, links=links, unicode=stdout_shows_lines())


def _no_workspace(named: Path, above: Path | None) -> NoWorkspace:
    """What to type where ``--root`` names no workspace: the one that it lies in, else a folder that may become one."""
    from registry_reconciler.files.root import SCHEMAS

    if not named.is_dir():
        return NoWorkspace(f"{named} is no workspace: there is no such folder")
    if above is not None:
        return NoWorkspace(f"{named} is no workspace, and lies in one: name --root {os.path.relpath(above)}")
    return NoWorkspace(
        f"{named} is no workspace: it has no {SCHEMAS}/", next=(("registry", "init", "--root", str(named)),)
    )


def parse_reports(values: Sequence[str] | None, formats: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """``FORMAT=PATH`` as pairs.

    Raises:
        UsageFailure: it is none, the command has no such format, or a file of the workspace stands there.
    """
    found = []
    for value in values or ():
        form, equals, path = value.partition("=")
        if not equals or not path:
            raise UsageFailure(f"--report takes FORMAT=PATH, e.g. json=plan.json; not {value!r}")
        if form not in formats:
            raise UsageFailure(f"--report: the format {form!r} is not one of {', '.join(formats)}")
        require_replaceable(Path(path))
        found.append((form, Path(path)))
    return tuple(found)


def make_call(
    command: str,
    *,
    report: Sequence[str] | None = None,
    formats: Sequence[str] = ("text", "json"),
    lock_timeout: float = LOCK_TIMEOUT,
    **options: Any,
) -> Call:
    """A call from what was typed, checked. Raises :class:`UsageFailure`.

    Args:
        options: the other attributes of :class:`Call`.
    """
    if not lock_timeout >= 0:  # "nan" is a number to the parser
        raise UsageFailure("--lock-timeout takes a number of seconds")
    return Call(command, reports=parse_reports(report, formats), lock_timeout=lock_timeout, **options)


def answer(
    call: Call,
    text: str,
    body: dict[str, Json],
    *,
    exit: int = 0,
    next: Sequence[Sequence[str]] = (),
    errors: Sequence[dict[str, Json]] = (),
    draw: Callable[[Screen], str] | None = None,
) -> int:
    """Write the answer of a command that is no plan, and return its exit code.

    Args:
        text: for people; ends in a line end.
        draw: the same on a screen, where it can be drawn better than as text.
        body: the command's own fields of the JSON.
    """
    from registry_reconciler.base.escape import runner_safe
    from registry_reconciler.model.plan_json import dumps, envelope

    def written(form: str) -> str:
        if form == "json":
            return dumps(envelope(call.command, exit, errors, next, **body))
        return runner_safe(text)

    for form, path in call.reports:
        write_file(path, written(form))
    screen = call.screen if draw is not None and call.format == "text" else None
    shown = runner_safe(draw(screen)) if draw is not None and screen is not None else written(call.format)
    put(shown, long=True)
    return exit


def in_prose(text: str) -> Callable[[Screen], str]:
    """How sentences are drawn: at the width of the screen, with no word broken."""
    return lambda screen: screen.prose(text)


def _remembers() -> bool:
    from registry_reconciler.cache.store import OFF

    return not os.environ.get(OFF)


def planning_of(workspace: Workspace, options: PlanOptions | None = None) -> Planning:
    """A plan with what it was made from, naming long steps on a terminal."""
    with waiting():
        planning = workspace.planning(options or PlanOptions())
    _note_inputs(workspace, planning)
    return planning


def _note_inputs(workspace: Workspace, planning: Planning) -> None:
    from registry_reconciler.model.fleet_view import CATALOG_INPUT

    plan = planning.plan
    secret = bool(plan.withheld) or CATALOG_INPUT in plan.inputs  # a publication is no file whose times tell
    memory.record_inputs(workspace.root, planning.loaded.recorder, secret=secret)


def apply_or_ways_out(plan: Plan) -> list[list[str]]:
    """What leads on from fragments that changed: ``apply``, or where the plan is blocked, what takes that away."""
    from registry_reconciler.model.plan_json import next_commands

    if plan.applicable:
        return [["registry", "apply"]]
    return [list(words) for words in next_commands(plan, None)]


def quick_planning_of(
    workspace: Workspace, options: PlanOptions | None = None, *, cached: bool = True, contents: bool = True
) -> Planning:
    """As :func:`planning_of`, for commands that only look at the plan: what it was made from may be a part.

    Without ``contents`` some files of the plan may have digests only.
    """
    if not cached:
        return planning_of(workspace, options)
    with waiting():
        planning = workspace.quick_planning(options or PlanOptions(), contents=contents)
    _note_inputs(workspace, planning)
    return planning


def warn_unseen(plan: Plan) -> None:
    """Say on standard error what an answer does not know."""
    from registry_reconciler.queries.unseen import unseen

    warn([f"cannot be read, so the answer is incomplete: {path}" for path in unseen(plan)])
    warn_left_out(plan)


def warn_left_out(plan: Plan) -> None:
    """Say on standard error what a sparse checkout hides: that is no fault, and the answer is not whole."""
    left_out = [problem.message for problem in plan.problems if problem.code == "LIV006"]
    warn([f"the answer is incomplete: {path}" for path in left_out])


def warn(messages: Sequence[str]) -> None:
    """Warnings on standard error."""
    for message in messages:
        say(f"warning: {message}")
