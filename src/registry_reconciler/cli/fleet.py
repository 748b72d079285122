"""What the commands of a fleet share: their options, the fleet's file, and which repositories are meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import Call
from registry_reconciler.cli.options import HOW_TO_RUN, WHAT_TO_PLAN
from registry_reconciler.cli.output import say
from registry_reconciler.errors import Blocked, UsageFailure

if TYPE_CHECKING:
    from registry_reconciler.base.child import ChildLimits
    from registry_reconciler.fleet import Manifest, Repository, RepositoryOutcome
    from registry_reconciler.fleet.run.cluster import Tls
    from registry_reconciler.model.plan import Plan

FleetFile = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="The fleet's file. By default fleet.yaml here, or in the nearest folder above.",
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="GLOB",
        help="Only repositories whose names match; repeatable.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]
ChangedSince = Annotated[
    str,
    typer.Option(
        "--changed-since",
        metavar="REV",
        help="Only repositories in which something changed since this revision of their own.",
        rich_help_panel=WHAT_TO_PLAN,
    ),
]


class Running(Struct, frozen=True):
    """How the tasks of a fleet are run."""

    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            max=1000,
            help="Processes of this machine; by default one for each core.",
            rich_help_panel=HOW_TO_RUN,
        ),
    ] = None
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Use a Dask cluster that is there: tcp://HOST:PORT on this machine, tls://HOST:PORT anywhere.",
            rich_help_panel=HOW_TO_RUN,
        ),
    ] = None
    tls_ca: Annotated[
        str,
        typer.Option(
            "--tls-ca",
            metavar="FILE",
            help="Whom to trust of a tls:// scheduler.",
            rich_help_panel=HOW_TO_RUN,
        ),
    ] = ""
    tls_cert: Annotated[
        str,
        typer.Option(
            "--tls-cert", metavar="FILE", help="The certificate to show it.", rich_help_panel=HOW_TO_RUN
        ),
    ] = ""
    tls_key: Annotated[
        str,
        typer.Option("--tls-key", metavar="FILE", help="Its private key.", rich_help_panel=HOW_TO_RUN),
    ] = ""
    task_seconds: Annotated[
        float,
        typer.Option(
            "--task-seconds",
            metavar="N",
            min=0.1,
            help="A repository that takes longer is ended.",
            rich_help_panel=HOW_TO_RUN,
        ),
    ] = 300.0
    task_memory: Annotated[
        int,
        typer.Option(
            "--task-memory",
            metavar="MIB",
            min=64,
            help="A repository that takes more is ended.",
            rich_help_panel=HOW_TO_RUN,
        ),
    ] = 2048

    def limits(self) -> ChildLimits:
        """What one repository may take. Raises :class:`UsageFailure` where the seconds are no number."""
        from registry_reconciler.base.child import ChildLimits

        if not self.task_seconds < 1e6:  # "nan" is a number to the parser
            raise UsageFailure("--task-seconds takes a number of seconds")
        return ChildLimits(self.task_seconds, self.task_memory << 20)

    def tls(self) -> Tls:
        """The files for TLS. Raises :class:`UsageFailure` where both ways to run are asked for."""
        from registry_reconciler.fleet.run.cluster import Tls

        if self.scheduler is not None and self.workers is not None:
            raise UsageFailure("--workers starts processes here, and --scheduler uses others: leave one out")
        return Tls(self.tls_ca, self.tls_cert, self.tls_key)


def manifest_of(call: Call, file: Path | None) -> Manifest:
    """The fleet of a call.

    Raises:
        UsageFailure: there is none.
        Blocked: its file is wrong; what is wrong was said.
    """
    from registry_reconciler.fleet import find_manifest, read_manifest

    path = find_manifest(file or call.root)
    manifest = read_manifest(path)
    if manifest.problems:
        say(problems_text(call, manifest))
    if not manifest.usable:
        count = len(manifest.problems)
        first = manifest.problems[0]
        raise Blocked(
            plan=_plan_of(manifest),
            message=f"the fleet's file has {count} problem{'s' if count != 1 else ''}, so nothing was done. The first: "
            f"{first.code} at {first.where(column=False)}: {first.message}",
            next=(("registry", "explain", first.code), ("registry", "schema", "fleet")),
        )
    return manifest


def problems_text(call: Call, manifest: Manifest) -> str:
    """What is wrong with the fleet's file, in words."""
    from registry_reconciler.report import RenderOptions, render

    options = RenderOptions(width=call.columns, full=call.full, command="check")
    return render(_plan_of(manifest), "text", options).rstrip()


def _plan_of(manifest: Manifest) -> Plan:
    """What is wrong with the fleet's file, as every format shows it."""
    from registry_reconciler.model.plan import Plan, PlanOptions

    return Plan(PlanOptions(), (), (), manifest.problems, (), {})


def chosen(manifest: Manifest, only: Sequence[str] | None) -> list[Repository]:
    """The repositories that are meant, by name.

    Raises:
        UsageFailure: the fleet has none, or a pattern means none. A nightly job whose file was emptied by mistake
            would else pass.
    """
    from registry_reconciler.base.globs import Glob
    from registry_reconciler.base.suggest import did_you_mean

    repositories = sorted(manifest.repositories, key=lambda repository: repository.name)
    if not repositories:
        raise UsageFailure(
            f"{visible(manifest.file.name)} names no repository, and neither does a file that it includes",
            next=(("registry", "fleet", "add", "--help"), ("registry", "schema", "fleet")),
        )
    if not only:
        return repositories
    names = [repository.name for repository in repositories]
    meant: set[str] = set()
    for pattern in only:
        found = {name for name in names if name == pattern or Glob(pattern).matches(name)}
        if not found:
            raise UsageFailure(
                f"--only {pattern!r} means no repository of the fleet.{did_you_mean(pattern, names)}",
                next=(("registry", "fleet", "list"),),
            )
        meant |= found
    return [repository for repository in repositories if repository.name in meant]


def outcomes_of(
    repositories: Sequence[Repository],
    job: str,
    options: dict[str, Any],
    running: Running,
    words: Callable[[RepositoryOutcome], str],
    *,
    since: str = "",
    remember: bool = True,
) -> list[RepositoryOutcome]:
    """Do a job with each repository, and tell on standard error what came of each as it comes.

    Args:
        job: a row of :data:`registry_reconciler.fleet.run.jobs.JOBS`.
        words: what is told of an outcome that is no error.
        since: leave out what did not change since this revision; such a repository gives no outcome.
        remember: take and keep results by content.

    Raises:
        UsageFailure: it cannot be run that way, or no repository knows the revision.
    """
    from registry_reconciler.base.progress import step
    from registry_reconciler.cli.waiting import waiting
    from registry_reconciler.fleet.run import run

    tls, limits = running.tls(), running.limits()
    table = _Table([repository.name for repository in repositories])
    found: list[RepositoryOutcome] = []
    if not repositories:
        return found
    with waiting() as line:
        step(f"looking at {len(repositories):,} repositories")

        def show_outcome(outcome: RepositoryOutcome) -> None:
            line.clear()
            table.row(outcome, outcome.error["message"] if outcome.error is not None else words(outcome))
            step(f"{table.done:,} of {len(repositories):,} repositories done")

        found += run(
            repositories,
            job,
            options,
            workers=running.workers,
            scheduler=running.scheduler,
            tls=tls,
            limits=limits,
            since=since,
            remember=remember,
            on_result=show_outcome,
        )
    return found


class _Table:
    """What came of each repository, a line each, in the order in which it came."""

    def __init__(self, names: Sequence[str]) -> None:
        self.done = 0
        self._total = len(names)
        self._width = min(max(map(len, names), default=0), 40)

    def row(self, outcome: RepositoryOutcome, words: str) -> None:
        self.done += 1
        number = f"{self.done:{len(str(self._total))}}/{self._total}"
        commit = (outcome.commit or "-")[:12]
        time = "known" if outcome.remembered else f"{outcome.seconds:.1f} s"
        mark = "failed: " if outcome.error is not None else ""
        say(visible(f"{number}  {outcome.name:{self._width}}  {commit:12}  {time:>7}  {mark}{words}"))
