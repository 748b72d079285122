"""Run a command under limits and write what it used: ``launcher.py REPORT COMMAND...``.

A process of its own, because the peak memory that the system keeps for a child starts with that of the process
that made it, and a test runner is large. The limit on CPU time is a safety net, not a measurement.
"""

from __future__ import annotations

import json
import os
import resource
import sys

CPU_SECONDS = 30


def main() -> None:
    """Report exit code (negative: the signal), CPU seconds and peak memory in bytes as JSON."""
    report, command = sys.argv[1], sys.argv[2:]
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        os.execv(command[0], command)
    _, status, used = os.wait4(child, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    index_keys = {
        "exit": os.waitstatus_to_exitcode(status),
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * unit,
    }
    with open(report, "w", encoding="utf-8") as file:
        json.dump(index_keys, file)


if __name__ == "__main__":
    main()
