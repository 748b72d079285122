"""The side of the plan: starts the process that renders, answers what it asks, and takes what comes out.

A template is written by whoever may write to the repository, and a plan is made of every pull request. So nothing of a
template runs in this process, and Jinja2 is not even imported here.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from msgspec import Struct

from registry_reconciler.errors import RegistryFailure
from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.limits import MOST_SECONDS

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from registry_reconciler.outputs.child import main; main()"
)


class RenderFailure(RegistryFailure):
    """Rendering took too long, or its process could not be started."""

    code = "rendering"


class Fault(Struct, frozen=True):
    """What is wrong with a template or an expression.

    Attributes:
        kind: ``syntax``, ``missing``, ``undefined``, ``refused``, ``limit``, ``secret``, ``value`` or ``failed``.
        template: the template concerned; "" for an expression in ``outputs.yaml``.
        at: the steps to that expression in its definition.
    """

    kind: str
    message: str
    template: str
    line: int
    at: tuple[str | int, ...]


class Rendered(Struct, frozen=True):
    """What came out of one job: a text, a value or a list of items, or a fault; and what was read for it."""

    result: Json = None
    fault: Fault | None = None
    kinds: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


class Source(Struct, frozen=True):
    """What rendering may ask for.

    Attributes:
        kinds: the names of all kinds.
        fields: the fields that the schema of each kind names.
        secrets: the secret fields of each kind that has some, as dotted paths.
        entries: gives the rows of a kind: key, address, place, values.
        template: gives the text of a template, ``None`` where there is none.
    """

    kinds: Sequence[str]
    fields: Mapping[str, Sequence[str]]
    secrets: Mapping[str, Sequence[str]]
    entries: Callable[[str], list[Json]]
    template: Callable[[str], str | None]


def render(jobs: Sequence[Mapping[str, Json]], source: Source) -> dict[str, Rendered]:
    """Render all jobs in one process, by id.

    Raises:
        RenderFailure: it took too long, or could not be begun.
    """
    found: dict[str, Rendered] = {}
    waiting = list(jobs)
    while waiting:
        done = len(found)
        _one_process(waiting, found, source)
        if waiting:
            # The process died over this one; the others get another.
            found[str(waiting.pop(0)["id"])] = Rendered(fault=_DIED)
        assert len(found) > done
    return found


_DIED = Fault("limit", "it takes too much memory", "", 0, ())


def _one_process(waiting: list[Mapping[str, Json]], found: dict[str, Rendered], source: Source) -> None:
    """Render as many jobs as one process can; they leave ``waiting`` one by one."""
    child = _start()
    late = threading.Event()

    def stop() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(MOST_SECONDS, stop)
    timer.daemon = True
    timer.start()
    try:
        _talk(child, waiting, found, source)
    except (BrokenPipeError, EOFError):
        if late.is_set():
            raise RenderFailure(
                f"rendering the outputs took more than {MOST_SECONDS} seconds, and was ended; nothing was written. "
                "Make the templates in .system/registry/templates/ do less."
            ) from None
        if not found and _cannot_start(child):
            raise RenderFailure(
                "the process that renders outputs ended before it began: is Jinja2 installed beside registry?"
            ) from None
    finally:
        timer.cancel()
        child.kill()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                _close(stream)
        child.wait()


def _cannot_start(child: subprocess.Popen[str]) -> bool:
    """Whether it ended as Python ends where a module cannot be imported."""
    try:
        return child.wait(5) == 1
    except subprocess.TimeoutExpired:
        return False


def _close(stream: IO[str]) -> None:
    with contextlib.suppress(OSError):
        stream.close()


def _start() -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-c", _START, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="surrogatepass",
            close_fds=True,
        )
    except (OSError, ValueError) as fault:
        raise RenderFailure(f"the process that renders outputs cannot be started: {fault}") from fault


def _talk(
    child: subprocess.Popen[str],
    waiting: list[Mapping[str, Json]],
    found: dict[str, Rendered],
    source: Source,
) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    start = {
        "kinds": list(source.kinds),
        "fields": {kind: list(names) for kind, names in source.fields.items()},
        "secrets": {kind: list(paths) for kind, paths in source.secrets.items()},
        "jobs": [dict(job) for job in waiting],
    }
    _send(child.stdin, start)
    while waiting:
        answer = _receive(child.stdout)
        if "need" in answer:
            _send(child.stdin, source.entries(answer["need"]))
        elif "template" in answer:
            _send(child.stdin, source.template(answer["template"]))
        else:
            job = waiting.pop(0)
            found[str(job["id"])] = _rendered(answer)


def _send(stream: IO[str], value: Json) -> None:
    stream.write(json.dumps(value) + "\n")
    stream.flush()


def _receive(stream: IO[str]) -> Mapping[str, Json]:
    line = stream.readline()
    if not line:
        raise EOFError
    answer: Mapping[str, Json] = json.loads(line)
    return answer


def _rendered(answer: Mapping[str, Json]) -> Rendered:
    fault = answer.get("error")
    return Rendered(
        answer.get("result"),
        None
        if fault is None
        else Fault(fault["kind"], fault["message"], fault["template"], fault["line"], tuple(fault["at"])),
        tuple(answer["reads"]),
        tuple(answer["templates"]),
    )
