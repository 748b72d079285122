"""Where the time of a command goes: ``python -m benchmarks.sample ROOT WORD...`` prints its slowest stages.

It looks at the stack each millisecond of processor time, which disturbs small functions no more than large ones, as
counting every call does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from types import FrameType
from typing import NoReturn

STAGES = {
    "load_state": "reading the state",
    "load_live": "reading registries",
    "load_fragments": "reading fragments",
    "load_part": "reading a part",
    "relocate": "carrying to other places",
    "diff": "comparing",
    "write": "writing in memory",
    "state_files": "the state as it will be",
    "check": "checking",
    "check_inputs": "looking at all inputs again",
    "live_snippets": "taking texts out of registries",
    "finish": "drawing up fragments",
    "render": "reporting",
    "_prepare": "preparing what programs open",
    "remember": "remembering",
    "_find_and_load": "importing",
}
"""Functions that are a stage, by name, and what they do; of several on one stack the innermost counts."""


def main() -> None:
    """The command."""
    root, words = sys.argv[1], sys.argv[2:]
    stages: Counter[str] = Counter()
    functions: Counter[str] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        assert frame is not None
        code = frame.f_code
        functions[f"{code.co_filename.rpartition('/')[2]}:{code.co_name}"] += 1
        here: FrameType | None = frame
        while here is not None and here.f_code.co_name not in STAGES:
            here = here.f_back
        stages[STAGES[here.f_code.co_name] if here is not None else "all else"] += 1

    def told() -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        total = max(stages.total(), 1)
        shown = ", ".join(f"{name} {count / total:.0%}" for name, count in stages.most_common(3))
        own = ", ".join(f"`{name}` {count / total:.0%}" for name, count in functions.most_common(3))
        sys.stderr.write(f"{shown}; {own}\n")
        sys.stderr.flush()

    end = os._exit

    def leave(code: int) -> NoReturn:
        told()
        end(code)

    os._exit = leave
    os.chdir(root)
    sys.argv = ["registry", *words]
    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    from registry_reconciler.cli.main import main as command

    code: object = 0
    try:
        code = command()
    except SystemExit as stopped:
        code = stopped.code
    sys.stdout.flush()
    leave(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main()
