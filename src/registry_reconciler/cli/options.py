"""The options that several commands have, each declared once, and groups of them that a command takes as one parameter.

A command names an option by its alias (``no_check: NoCheck = False``), or takes a group (``shared: Shared``), which the
parser fills in. Options of one command alone are declared in its signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

from registry_reconciler.cli.common import LOCK_TIMEOUT, Call, make_call
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.report import FORMATS

WHAT_TO_PLAN = "What to plan"
WHAT_TO_SHOW = "What to show"
CI = "CI and scripts"
HOW_TO_RUN = "How to run"
HELP_GROUPS = (WHAT_TO_PLAN, HOW_TO_RUN, WHAT_TO_SHOW, CI)
"""The groups of options in the help; those without one come first, under ``Options``."""

Root = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="DIR",
        help="The workspace. By default this folder, or the nearest one above it that is a workspace.",
    ),
]
Format = Annotated[
    Literal["text", "json"],
    typer.Option("--format", help="How the answer is written.", rich_help_panel=WHAT_TO_SHOW),
]
if TYPE_CHECKING:
    _ReportWord = str
else:  # what the table of formats has, for the parser to check and to complete
    _ReportWord = Literal[tuple(name for name, row in FORMATS.items() if row.on_screen)]
PlanFormat = Annotated[
    _ReportWord,
    typer.Option("--format", help="How the report is written.", rich_help_panel=WHAT_TO_SHOW),
]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORMAT=PATH",
        help="Write the report to a file as well, in this format; repeatable.",
        rich_help_panel=CI,
    ),
]
LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        metavar="SECONDS",
        min=0,
        help="How many seconds to wait while another process applies.",
        rich_help_panel=CI,
    ),
]
Width = Annotated[
    int | None,
    typer.Option(
        "--width",
        metavar="COLUMNS",
        min=20,
        max=1000,
        help="Columns of the text; the terminal's by default, else 80.",
        rich_help_panel=WHAT_TO_SHOW,
    ),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full", help="Show everything: fold no list and shorten no value.", rich_help_panel=WHAT_TO_SHOW
    ),
]
NoColor = Annotated[
    bool, typer.Option("--no-color", help="No colour; NO_COLOR does the same.", rich_help_panel=WHAT_TO_SHOW)
]

Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="PATTERN",
        help="Only this address, or those that the glob matches; repeatable.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]
Excludes = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN",
        help="Not this address, or those that the glob matches; repeatable.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]
Adopts = Annotated[
    list[str] | None,
    typer.Option(
        "--adopt",
        metavar="PATTERN",
        help="Start to manage these live entries although they differ from their fragments, and write what "
        "the fragments say; repeatable.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]
Overwrites = Annotated[
    list[str] | None,
    typer.Option(
        "--overwrite",
        metavar="PATTERN",
        help="Where the live entry was edited by hand too, write what the fragment says. output:ID does the "
        "same for an output. Repeatable.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]
AllowMassDelete = Annotated[
    bool,
    typer.Option(
        "--allow-mass-delete",
        help="Allow larger deletions than the configured limits do.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]
NoCheck = Annotated[
    bool,
    typer.Option(
        "--no-check",
        help="Do not run the coordination rules. Agents must not use it.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]
LeaveOutputs = Annotated[
    bool,
    typer.Option(
        "--leave-outputs", help="Do not write outputs, even if they are stale.", rich_help_panel=WHAT_TO_PLAN
    ),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        help="Compute the answer instead of repeating a remembered one; REGISTRY_NO_CACHE=1 does the same.",
        rich_help_panel=CI,
    ),
]
Label = Annotated[
    str,
    typer.Option(
        "--label",
        metavar="TEXT",
        help="A name for this report, where a pull request gets several of one workspace.",
        rich_help_panel=CI,
    ),
]
MaxBytes = Annotated[
    int | None,
    typer.Option(
        "--max-bytes",
        min=1,
        metavar="N",
        help="How many bytes a Markdown or brief report may have.",
        rich_help_panel=WHAT_TO_SHOW,
    ),
]
Catalog = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="URL",
        help="The catalogue of the fleet, by which in: fleet is judged; REGISTRY_CATALOG does the same.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]
DetailedExitCode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.", rich_help_panel=CI)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Diff = Annotated[
    bool,
    typer.Option(
        "--diff", "--dry-run", help="Write nothing; show what would change.", rich_help_panel=WHAT_TO_SHOW
    ),
]

Brief = Annotated[
    bool,
    typer.Option(
        "--brief",
        help="For agents: the verdict, what blocks and how to fix it, the changes.",
        rich_help_panel=WHAT_TO_SHOW,
    ),
]


class PlanScope(Struct, frozen=True):
    """What a plan is about, and what it may do."""

    target: Targets = None
    exclude: Excludes = None
    adopt: Adopts = None
    overwrite: Overwrites = None
    allow_mass_delete: AllowMassDelete = False
    no_check: NoCheck = False
    leave_outputs: LeaveOutputs = False

    def options(self) -> PlanOptions:
        """As the planner takes it; each pattern once, so that saying it twice is the same plan."""
        return PlanOptions(
            _once(self.target),
            _once(self.exclude),
            _once(self.adopt),
            _once(self.overwrite),
            self.allow_mass_delete,
            self.no_check,
            self.leave_outputs,
        )


def _once(patterns: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(patterns or ()))


class DisplayOptions(Struct, frozen=True):
    """How text looks."""

    width: Width = None
    full: Full = False
    no_color: NoColor = False


class Shared(Struct, frozen=True):
    """What every command has that gives no plan."""

    root: Root = None
    format: Format = "text"
    report: Reports = None
    lock_timeout: LockTimeout = LOCK_TIMEOUT

    def call(
        self, command: str, look: DisplayOptions | None = None, formats: Sequence[str] = ("text", "json")
    ) -> Call:
        """The call of a command, checked. Raises :class:`UsageFailure`.

        Args:
            formats: what ``--report`` takes.
        """
        look = look or DisplayOptions()
        return make_call(
            command,
            formats=formats,
            root=self.root,
            format=self.format,
            report=self.report,
            lock_timeout=self.lock_timeout,
            width=look.width,
            full=look.full,
            color=not look.no_color,
        )


BRIEF_BYTES = 3_000
"""The most bytes of a brief answer of ``apply`` and ``check``: all that an agent needs to go on."""


class Reporting(Struct, frozen=True):
    """What every command has that reports a plan."""

    max_bytes: MaxBytes = None
    label: Label = ""
    root: Root = None
    format: PlanFormat = "text"
    report: Reports = None
    lock_timeout: LockTimeout = LOCK_TIMEOUT
    width: Width = None
    full: Full = False
    no_color: NoColor = False

    def brief_call(self, command: str, brief: bool) -> Call:
        """As :meth:`call`; ``--brief`` is a format of its own, and short where nobody says how long."""
        from msgspec.structs import replace

        from registry_reconciler.errors import UsageFailure

        if brief and self.format != "text":
            raise UsageFailure("--brief and --format cannot be combined: leave one of them out")
        call = self.call(command, brief=brief)
        return replace(call, max_bytes=BRIEF_BYTES) if brief and call.max_bytes is None else call

    def call(self, command: str, *, brief: bool = False) -> Call:
        """The call of a command, checked. Raises :class:`UsageFailure`."""
        return make_call(
            command,
            root=self.root,
            format="brief" if brief else self.format,
            report=self.report,
            lock_timeout=self.lock_timeout,
            formats=tuple(FORMATS),
            width=self.width,
            full=self.full,
            color=not self.no_color,
            label=self.label,
            max_bytes=self.max_bytes,
        )
