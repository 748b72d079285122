"""``registry run``."""

from __future__ import annotations

import sys
import threading
from codecs import getincrementaldecoder
from typing import Annotated, Literal

import typer
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import Call, answer
from registry_reconciler.cli.options import Shared
from registry_reconciler.cli.output import say
from registry_reconciler.cli.typed_values import says_value
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry run payments.capture --input '{"id": "p-1"}' --cap payments.write

  {
    "captured": true
  }
"""


def command(
    ability: Annotated[str, typer.Argument(metavar="ABILITY", help="Its id, name or alias.")],
    input: Annotated[
        str,
        typer.Option(
            "--input", metavar="JSON|@FILE|-", help="What the ability gets: JSON, a file, or - for stdin."
        ),
    ] = "{}",
    cap: Annotated[
        list[str] | None,
        typer.Option("--cap", metavar="CAP", help="Grant a capability; repeatable."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the input and the capabilities, and run nothing.")
    ] = False,
    readonly: Annotated[
        bool, typer.Option("--readonly", help="Refuse an ability that changes something.")
    ] = False,
    mode: Annotated[
        Literal["enforce", "log"],
        typer.Option("--mode", help="What to do about a missing capability: stop, or warn and go on."),
    ] = "enforce",
    environment: Annotated[
        str | None, typer.Option("--environment", metavar="NAME", help="Where it runs, e.g. staging.")
    ] = None,
    allow_python: Annotated[
        bool, typer.Option("--allow-python", help="Run abilities and hooks that are Python functions.")
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            help="How many seconds each script or function may take; 60 by default.",
        ),
    ] = None,
    plugin: Annotated[
        list[str] | None,
        typer.Option("--plugin", metavar="NAME", help="Let an installed plugin bring items; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    *,
    shared: Shared,
) -> int:
    """Run an ability of the registries.

    The capabilities that it needs are checked first. That stops mistakes, not hostile code. On a terminal, what a
    script writes is shown while it runs.
    """
    from registry_reconciler.runtime.serve.commands import run_ability

    call = replace(shared, format="json").call("run") if as_json else shared.call("run")
    live = LiveOutput() if call.format == "text" and sys.stdout.isatty() else None
    outcome = run_ability(
        call.workspace().root,
        ability,
        _payload(input),
        caps=cap or (),
        dry_run=dry_run,
        readonly=readonly,
        mode=mode,
        environment=environment,
        allow_python=allow_python,
        timeout=timeout,
        lock_timeout=call.lock_timeout,
        plugins=plugin or (),
        live=live,
    )
    if live is not None:
        live.finish()
    if outcome.exit == UsageFailure.exit_code and says_value(ability):
        raise UsageFailure(
            "there is no ability of that name. Its input is given with --input JSON.", next=_HELP
        )
    for note in outcome.notes:
        say(note)
    return deliver(call, outcome.exit, outcome.data, outcome.lines, outcome.errors, outcome.next)


class LiveOutput:
    """Shows what a script writes, line by line and part by part, as it comes."""

    def __init__(self) -> None:
        self._decoders = {name: getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        self._lock = threading.Lock()
        self._open = False

    def __call__(self, stream: str, data: bytes) -> None:
        """Show some bytes. The two streams come from threads of their own."""
        with self._lock:
            text = self._decoders[stream].decode(data)
            place = sys.stdout if stream == "stdout" else sys.stderr
            place.write("\n".join(visible(line) for line in text.split("\n")))
            place.flush()
            self._open = self._open if not text else not text.endswith("\n")

    def finish(self) -> None:
        """End the last line."""
        if self._open:
            sys.stdout.write("\n")
            sys.stdout.flush()


def deliver(
    call: Call,
    exit: int,
    data: dict[str, Json],
    lines: tuple[str, ...],
    errors: tuple[str, ...],
    next: tuple[tuple[str, ...], ...],
) -> int:
    """Print what a command of the run-time registries came to."""
    text = "".join(f"{visible(line)}\n" for block in lines for line in block.split("\n"))
    for error in errors:
        say(f"registry {call.command}: {error}")
    if errors and call.format == "text":
        from registry_reconciler.report.words import command_line

        for words in next:
            say(f"  try: {command_line(words)}")
    found = [{"code": "failed", "message": error} for error in errors]
    return answer(call, text, data, exit=exit, errors=found, next=next)


_HELP = (("registry", "run", "--help"),)


def _payload(text: str) -> Json:
    from registry_reconciler.cli.named import MAX_BYTES
    from registry_reconciler.runtime.execution.plainjson import read_json

    try:
        if text == "-":
            text = sys.stdin.read(MAX_BYTES + 1)
            if len(text) > MAX_BYTES:
                raise UsageFailure(f"standard input has more than {MAX_BYTES:,} characters")
        elif text.startswith("@"):
            from registry_reconciler.cli.named import read_named

            text = read_named(text[1:], instead="'-' reads standard input", make=_HELP).decode("utf-8")
        value: Json = read_json(text)
        return value
    except ValueError as error:
        raise UsageFailure(f"--input is no JSON: {error}") from error
