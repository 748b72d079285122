"""The process that jobs are forked from (see :mod:`registry_reconciler.base.child`), one for each worker.

It imports the product once. For each question it forks: the copy has a session of its own, limits that it cannot raise,
and nothing on its standard streams; what it answers comes through a pipe. When its time is over, when it has answered
and left something running, or when nobody waits any more, all that descends from it is ended, however it was started.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import struct
import time
import traceback
from pathlib import Path
from typing import Any

from registry_reconciler.base.serving import MEMORY_CODE

_HEAD = struct.Struct(">I")
_MOST = 400 * 1024 * 1024
"""Bytes of one answer."""

_MOST_WRITTEN = 1 << 30
"""Bytes of one file that a job may write."""

IDLE = 60.0
"""Seconds without a question after which it ends by itself."""

_SUBREAPER = 36
_SECONDS_TO_END = 5.0
_LOOK_AGAIN = 0.002


def main(_memory: int) -> None:
    """Answer questions until nobody has any more."""
    import gc

    _warm_up()
    _reap_descendants()
    gc.collect()
    gc.freeze()
    while True:
        head = _read(_HEAD.size, IDLE)
        if head is None:
            return
        question = _read(_HEAD.unpack(head)[0], IDLE)
        if question is None:
            return
        answer = _forked(json.loads(question))
        if answer is None:
            return
        _write(1, _HEAD.pack(len(answer)) + answer)


def _warm_up() -> None:
    """Import what a plan needs, and make what it keeps, once: each copy has it then."""
    import registry_reconciler.fleet.planning
    import registry_reconciler.queries.unseen
    import registry_reconciler.workspace  # noqa: F401
    from registry_reconciler.files.tree import MemoryTree
    from registry_reconciler.planning.pipeline import make_plan

    kind = b"x-registry: {kind: thing, layout: list, file: t.yaml, at: things, key: id}\ntype: object\n"
    files: dict[str, bytes | None] = {
        ".system/registry/schemas/thing.schema.yaml": kind,
        "t.yaml": b"things: []\n",
        "desired/a.yaml": b"thing:\n  - {id: one, text: first}\n",
    }
    make_plan(MemoryTree(files))


def _reap_descendants() -> None:
    """What a job leaves behind becomes ours, whoever started it. Linux; elsewhere the group of the job has to do."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, ctypes.c_ulong(1))


def _read(size: int, seconds: float) -> bytes | None:
    data = b""
    while len(data) < size:
        if not select.select([0], [], [], seconds)[0]:
            return None
        part = os.read(0, size - len(data))
        if not part:
            return None
        data += part
    return data


def _write(pipe: int, data: bytes) -> None:
    """All of it: a pipe may take less at once."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _forked(question: dict[str, Any]) -> bytes | None:
    """The answer of a copy of this process; ``None`` where nobody waits for it any more."""
    reading, writing = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _be_child(question, reading, writing)
    os.close(writing)
    parts: list[bytes] = []
    size, state = 0, "late"
    while (left := began + question["seconds"] - time.monotonic()) > 0:
        ready = select.select([reading, 0], [], [], left)[0]
        if reading in ready:
            part = os.read(reading, 1 << 20)
            parts.append(part)
            size += len(part)
            if not part or size > _MOST:
                state = "ended" if not part else "long"
                break
        elif ready:
            state = "gone"
            break
    os.close(reading)
    status = _ended(pid, patience=_SECONDS_TO_END if state == "ended" else 0)
    if state == "gone":
        return None
    answer = b"".join(parts)
    if state == "ended" and status == 0 and answer:
        return answer
    return _encoded({"error": _why(question, state, status)})


def _why(question: dict[str, Any], state: str, status: int) -> dict[str, str]:
    code = os.waitstatus_to_exitcode(status)
    memory, seconds = question["memory"] >> 20, question["seconds"]
    if state == "late" or code == -signal.SIGXCPU:
        return {"code": "too_long", "message": f"it took more than {seconds:g} seconds and was ended"}
    if state == "long":
        return {"code": "too_much", "message": f"its answer has more than {_MOST >> 20:,} MiB"}
    if code == MEMORY_CODE:
        return {"code": "memory", "message": f"it takes more than {memory:,} MiB of memory"}
    if code == -signal.SIGXFSZ:
        return {"code": "too_much", "message": f"it writes a file of more than {_MOST_WRITTEN >> 20:,} MiB"}
    if code < 0:
        name = signal.Signals(-code).name if -code in signal.Signals.__members__.values() else str(-code)
        return {"code": "crashed", "message": f"the process that looked at it was ended by {name}"}
    return {"code": "crashed", "message": f"the process that looked at it ended with exit code {code}"}


def _ended(pid: int, patience: float) -> int:
    """How a job ended; it is ended when it does not in so many seconds, and so is all that it started."""
    from registry_reconciler.runtime.execution.supervise import descendants

    status = None
    until = time.monotonic() + patience
    while True:
        with contextlib.suppress(ChildProcessError):
            found, how = os.waitpid(-1, os.WNOHANG)
            while found:
                status = how if found == pid else status
                found, how = os.waitpid(-1, os.WNOHANG)
        if status is None and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN)
            continue
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return signal.SIGKILL if status is None else status
        # First stopped: what is stopped starts no other in the moment between looking and ending.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for other in descendants(os.getpid()) if os.path.isdir("/proc") else [pid]:
                with contextlib.suppress(OSError):
                    os.kill(other, number)
        if time.monotonic() > until + _SECONDS_TO_END:
            return signal.SIGKILL if status is None else status
        time.sleep(_LOOK_AGAIN)


def _be_child(question: dict[str, Any], reading: int, writing: int) -> None:
    """Do the job, answer, and end."""
    code = 1
    try:
        os.close(reading)
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nowhere, fd)
        _limit(question)
        answer = _encoded(_answer(question))
        _write(writing, answer)
        code = 0
    except MemoryError:
        code = MEMORY_CODE
    finally:
        os._exit(code)


def _limit(question: dict[str, Any]) -> None:
    import resource

    seconds = int(question["seconds"]) + 5
    limits = [
        (resource.RLIMIT_AS, question["memory"]),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, _MOST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ]
    for what, most in limits:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    from registry_reconciler.errors import RegistryFailure
    from registry_reconciler.files.unreadable import UnreadablePath
    from registry_reconciler.fleet.run.jobs import SEEN, job_of

    try:
        result = job_of(question["job"])(question["source"], question["options"])
        seen = result.pop(SEEN, None) if isinstance(result, dict) else None
        return {"result": result, **({"seen": seen} if seen is not None else {})}
    except MemoryError:
        raise
    except RegistryFailure as failure:
        return {"error": {"code": failure.code, "message": failure.message}}
    except UnreadablePath as fault:
        return {"error": {"code": "io", "message": f"a file cannot be read: {fault}"}}
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError from None
        return {"error": {"code": "io", "message": f"{error.strerror or error}"}}
    except RecursionError:
        return {"error": {"code": "too_deep", "message": "something in it is nested too deeply"}}
    except Exception as error:
        if _is_full(question["memory"]):
            # Whoever gets no memory has many words for that.
            raise MemoryError from None
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
        return {"error": {"code": "internal", "message": f"this is a fault of registry ({where})"}}


def _is_full(memory: int) -> bool:
    """Whether this process has come near to all that it may have."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
        peak = next(line for line in status.splitlines() if line.startswith("VmPeak:"))
        return int(peak.split()[1]) * 1024 > 0.9 * memory
    except (OSError, MemoryError, StopIteration, ValueError, IndexError):
        return False


def _encoded(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=True, separators=(",", ":")).encode("ascii")
