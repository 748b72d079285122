"""Every fault at every file-changing call of an apply of twelve files, and at every call of its recovery.

``python -m tests.crash.sweep`` tries all points and prints how many; ``--only kill,errors`` some of the
modes, ``--every 10`` one point in ten. Each point is a real process that is really killed. Exit 1 when one
point ends in anything but wholly old or wholly new.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from registry_reconciler.apply import files, recover
from registry_reconciler.apply.files import Hook
from registry_reconciler.errors import InterruptedApply, RegistryFailure
from tests.crash import faults, names, scenario
from tests.crash.scenario import Snapshot

DONE, FAILED, INTERRUPTED, BROKEN, KILLED = 0, 1, 2, 70, -9


class Enough(Exception):
    """The time is over."""


@dataclass(slots=True)
class Tally:
    """Points tried and what went wrong, by mode. Where there is a moment to stop, :class:`Enough` is raised then."""

    points: dict[str, int] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    until: float = float("inf")

    def count(self, mode: str, problem: str | None) -> None:
        """One point more."""
        self.points[mode] = self.points.get(mode, 0) + 1
        if problem is not None:
            self.damaged.append(f"[{mode}] {problem}")
        if time.monotonic() > self.until:
            raise Enough

    def text(self) -> str:
        """What the run prints."""
        lines = [f"{mode}: {count} points" for mode, count in self.points.items()]
        lines += self.damaged[:20]
        return "\n".join([*lines, f"{sum(self.points.values())} points, {len(self.damaged)} damaged"])


class Ground:
    """Where points are tried: a template, a copy for each point, and the two trees that may come out."""

    def __init__(self, *, exchange: bool = True) -> None:
        self.home = scenario.scratch()
        self.template = self.home / "template"
        self.exchange = exchange
        scenario.build(self.template)
        self.old = scenario.snapshot(self.template)
        root = self.fresh()
        self.calls = self.counted(partial(scenario.apply, root))
        self.new = scenario.snapshot(root)

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.home)

    def fresh(self, source: Path | None = None, name: str = "root") -> Path:
        """A new copy of the template, or of another tree."""
        root = self.home / name
        if root.exists():
            shutil.rmtree(root)
        shutil.copytree(source or self.template, root, symlinks=True)
        return root

    def counted(self, action: Callable[[], object]) -> list[str]:
        """The names of the calls that ``action`` makes when nothing goes wrong."""
        count = faults.Count()
        with self.always_checked(count):
            action()
        return count.names

    @contextlib.contextmanager
    def always_checked(self, hook: Hook | None) -> Iterator[None]:
        """``hook`` sees every call of the block."""
        files.watch(hook if self.exchange else faults.without_exchange(hook))
        try:
            yield
        finally:
            files.watch(None)

    def child(self, action: Callable[[], object], hook: Hook | None = None) -> int:
        """Run ``action`` in a process of its own; how it ended."""
        pid = os.fork()
        if pid == 0:
            code = BROKEN
            try:
                with self.always_checked(hook):
                    action()
                code = DONE
            except InterruptedApply:
                code = INTERRUPTED
            except RegistryFailure:
                code = FAILED
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def verdict(self, root: Path, ended: int, edited: Snapshot | None = None) -> str | None:
        """What is wrong after a point: the workspace now, after a recovery, and after a second one.

        ``edited`` are files that somebody wrote by hand meanwhile: they must be as that person left them.
        """
        if ended == BROKEN:
            return "a traceback"
        own = {key: value for key, value in scenario.snapshot(root).items() if "/.apply" not in key}
        if ended == FAILED and self._differs(own, self.old, edited):
            return f"it said that all is as before: {_difference(own, self.old)}"
        if self.child(partial(recover, root)) != DONE:
            return "recovery failed"
        found = scenario.snapshot(root)
        wanted = [self.new] if ended == DONE else [self.old, self.new]
        if all(self._differs(found, one, edited) for one in wanted):
            return f"from old {_difference(found, self.old)}, from new {_difference(found, self.new)}"
        result = recover(root)
        if result.direction != "nothing" or scenario.snapshot(root) != found:
            return "the second recovery changed something"
        return None

    @staticmethod
    def _differs(found: Snapshot, wanted: Snapshot, edited: Snapshot | None) -> bool:
        edited = edited or {}
        kept = "/.apply"
        left = {
            key: value for key, value in found.items() if key not in edited and not (edited and kept in key)
        }
        right = {key: value for key, value in wanted.items() if key not in edited}
        for key, value in edited.items():
            if found.get(key, (None, None, None))[-1] != value[-1]:
                return True
        if edited:  # a folder that only the edit keeps alive, or that is made again around it
            folders = {
                "/".join(key.split("/")[:depth]) for key in edited for depth in range(1, key.count("/") + 1)
            }
            left = {key: value for key, value in left.items() if key not in folders}
            right = {key: value for key, value in right.items() if key not in folders}
        return left != right


def _difference(found: Snapshot, wanted: Snapshot) -> list[str]:
    return [
        ("-" if key not in found else "+" if key not in wanted else "~") + key
        for key in sorted({*found, *wanted})
        if found.get(key) != wanted.get(key)
    ][:6]


def _some(points: range, number: int, every: int) -> range:
    """All of the points, or one in five when not every one is tried; which ones depends on ``number``."""
    return points if every == 1 else points[number % 5 :: 5]


def kills(ground: Ground, tally: Tally, every: int) -> None:
    """Killed before, and half way through, each call."""
    for number in range(0, len(ground.calls), every):
        for how in (faults.kill_at, faults.tear_at):
            root = ground.fresh()
            ended = ground.child(partial(scenario.apply, root), how(number))
            problem = "it was not killed" if ended != KILLED else ground.verdict(root, ended)
            tally.count("kill", problem and f"{how.__name__} {number} {ground.calls[number]}: {problem}")


def kills_of_recovery(ground: Ground, tally: Tally, every: int) -> None:
    """Killed at each call, and the recovery at each of its own."""
    for number in range(0, len(ground.calls), every):
        crashed = ground.fresh(name="crashed")
        ground.child(partial(scenario.apply, crashed), faults.kill_at(number))
        trial = ground.fresh(crashed)
        for second in _some(range(len(ground.counted(partial(recover, trial)))), number, every):
            root = ground.fresh(crashed)
            ended = ground.child(partial(recover, root), faults.kill_at(second))
            problem = "the recovery was not killed" if ended != KILLED else ground.verdict(root, KILLED)
            tally.count("recovery killed", problem and f"kill {number}, then {second}: {problem}")


def errors(ground: Ground, tally: Tally, every: int) -> None:
    """Each call refused once, and from then on."""
    for number in range(0, len(ground.calls), every):
        for code in faults.ERRORS:
            for stuck in (False, True):
                root = ground.fresh()
                ended = ground.child(partial(scenario.apply, root), faults.fail_at(number, code, stuck=stuck))
                problem = ground.verdict(root, ended)
                where = (
                    f"{errno.errorcode[code]} at {number} {ground.calls[number]}{' and on' if stuck else ''}"
                )
                tally.count("error", problem and f"{where}: {problem}")


def errors_of_recovery(ground: Ground, tally: Tally, every: int) -> None:
    """Killed at each call, and each call of the recovery refused: with EIO, and with one code more in turn."""
    for number in range(0, len(ground.calls), every):
        crashed = ground.fresh(name="crashed")
        ground.child(partial(scenario.apply, crashed), faults.kill_at(number))
        trial = ground.fresh(crashed)
        for second in _some(range(len(ground.counted(partial(recover, trial)))), number, every):
            for code in {errno.EIO, faults.ERRORS[(number + second) % len(faults.ERRORS)]}:
                _refuse_recovery(ground, tally, crashed, f"kill {number}", second, code)


def codes_of_recovery(ground: Ground, tally: Tally, every: int) -> None:
    """Killed at some calls, one in twenty; then each call of the recovery refused with every code, once and stuck."""
    for number in range(10, len(ground.calls), 20):
        crashed = ground.fresh(name="crashed")
        ground.child(partial(scenario.apply, crashed), faults.kill_at(number))
        trial = ground.fresh(crashed)
        points = len(ground.counted(partial(recover, trial))) * len(faults.ERRORS)
        for point in range(number % every, points, every):
            second, code = divmod(point, len(faults.ERRORS))
            for stuck in (False, True):
                _refuse_recovery(
                    ground, tally, crashed, f"kill {number}", second, faults.ERRORS[code], stuck=stuck
                )


def _refuse_recovery(
    ground: Ground, tally: Tally, crashed: Path, before: str, second: int, code: int, *, stuck: bool = False
) -> None:
    root = ground.fresh(crashed)
    ended = ground.child(partial(recover, root), faults.fail_at(second, code, stuck=stuck))
    problem = ground.verdict(root, BROKEN if ended == BROKEN else KILLED)
    where = f"{before}, then {errno.errorcode[code]} {second}{' and on' if stuck else ''}"
    tally.count("recovery error", problem and f"{where}: {problem}")


def reads_of_recovery(ground: Ground, tally: Tally, every: int) -> None:
    """Killed at each call; then each look of the recovery at a file is refused once, with every code in turn."""
    for number in range(0, len(ground.calls), every):
        crashed = ground.fresh(name="crashed")
        ground.child(partial(scenario.apply, crashed), faults.kill_at(number))
        looks = _looks(partial(recover, ground.fresh(crashed)))
        # Neighbouring kills leave nearly the same behind: each takes other looks, and others of the codes.
        for second in range(number % (7 * every), looks, 7 * every):
            code = faults.ERRORS[(number + second // 7) % len(faults.ERRORS)]
            root = ground.fresh(crashed)
            ended = ground.child(partial(_recover_unseeing, root, second, code))
            problem = ground.verdict(root, BROKEN if ended == BROKEN else KILLED)
            where = f"kill {number}, then {errno.errorcode[code]} at look {second} ({ended})"
            tally.count("recovery read", problem and f"{where}: {problem}")


def _recover_unseeing(root: Path, number: int, code: int) -> None:
    with faults.reads(faults.fail_read(number, code)):
        recover(root)


def _looks(action: Callable[[], object]) -> int:
    """How many looks at files ``action`` takes."""
    seen: list[int] = []
    with faults.reads(seen.append):
        action()
    return len(seen)


def errors_then_kills(ground: Ground, tally: Tally, every: int) -> None:
    """Each call refused once, and a kill at every call after that."""
    for number in range(0, len(ground.calls), every):
        # An apply that is taken back makes more calls than one that is not; a run that is over ends the loop.
        for second in _some(range(number + 1, 3 * len(ground.calls)), number, every):
            root = ground.fresh()
            hook = faults.fail_at(number, errno.EIO, kill_later=second)
            ended = ground.child(partial(scenario.apply, root), hook)
            if ended != KILLED:
                break
            problem = ground.verdict(root, ended)
            tally.count("error then kill", problem and f"EIO {number}, kill {second}: {problem}")


def _replace(path: Path, data: bytes) -> None:
    other = path.with_name("editor~")
    other.write_bytes(data)
    other.replace(path)


def _write_in_place(path: Path, data: bytes) -> None:
    with path.open("r+b" if path.exists() else "wb") as stream:
        stream.truncate(0)
        stream.write(data)


EDITS = {"replace": _replace, "in place": _write_in_place}


def hand_edits(ground: Ground, tally: Tally, every: int) -> None:
    """Somebody edits a file of the apply just before each call, by replacing it or in place."""
    point = 0
    for number in range(len(ground.calls)):
        for path in scenario.CHANGES:
            for way, edit in EDITS.items():
                point += 1
                if point % every:
                    continue
                real = "linked/real.yaml" if path in scenario.LINKS else path
                root = ground.fresh()
                data = b"edited by hand\n"

                def by_hand(target: Path = root / real, data: bytes = data, edit: object = edit) -> None:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    assert callable(edit)
                    edit(target, data)

                ended = ground.child(partial(scenario.apply, root), faults.do_at(number, by_hand))
                problem = ground.verdict(root, ended, {real: ("file", 0, data)})
                tally.count("hand edit", problem and f"{path} {way} at {number} ({ended}): {problem}")


def edits_after_kills(ground: Ground, tally: Tally, every: int) -> None:
    """Killed at each call; then somebody edits one of the files, before the recovery."""
    point = 0
    for number in range(len(ground.calls)):
        for path in scenario.CHANGES:
            point += 1
            if point % every:
                continue
            real = "linked/real.yaml" if path in scenario.LINKS else path
            root = ground.fresh()
            ground.child(partial(scenario.apply, root), faults.kill_at(number))
            (root / real).parent.mkdir(parents=True, exist_ok=True)
            _replace(root / real, b"edited after\n")
            problem = ground.verdict(root, KILLED, {real: ("file", 0, b"edited after\n")})
            tally.count("edit after kill", problem and f"{path} after kill {number}: {problem}")


def short_writes(ground: Ground, tally: Tally, _every: int) -> None:
    """Every write is cut short, which is no error."""
    root = ground.fresh()
    ended = ground.child(partial(scenario.apply, root), faults.short_writes)
    tally.count("short writes", "it failed" if ended != DONE else ground.verdict(root, ended))


def signals(ground: Ground, tally: Tally, every: int) -> None:
    """Asked to stop just before each call, once and twice: it ends cleanly, or as a kill would end it."""
    for number in range(0, len(ground.calls), every):
        for wanted in (signal.SIGINT, signal.SIGTERM):
            for times in (1, 2):

                def send(wanted: int = wanted, times: int = times) -> None:
                    for _ in range(times):
                        os.kill(os.getpid(), wanted)

                root = ground.fresh()
                # Outside of a transaction SIGINT ends a command with KeyboardInterrupt, as any other.
                ended = ground.child(
                    partial(_unless_interrupted, scenario.apply, root), faults.do_at(number, send)
                )
                problem = ground.verdict(
                    root, KILLED if ended in (-signal.SIGINT, -signal.SIGTERM) else ended
                )
                if times == 1 and ended not in (DONE, FAILED, INTERRUPTED, -signal.SIGTERM):
                    problem = f"it ended with {ended}"
                tally.count("signal", problem and f"{times} x {wanted.name} at {number}: {problem}")


def _unless_interrupted(action: Callable[[Path], object], root: Path) -> None:
    try:
        action(root)
    except KeyboardInterrupt:
        raise InterruptedApply("outside of a transaction: nothing is said about the files") from None


MODES: dict[str, Callable[[Ground, Tally, int], None]] = {
    "kill": kills,
    "recovery-kill": kills_of_recovery,
    "error": errors,
    "recovery-error": errors_of_recovery,
    "recovery-code": codes_of_recovery,
    "recovery-read": reads_of_recovery,
    "name": names.sweep,
    "error-kill": errors_then_kills,
    "edit": hand_edits,
    "kill-edit": edits_after_kills,
    "signal": signals,
    "short": short_writes,
}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join([*MODES, "reorder", "no-exchange"]))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="stop then, and say how far it came"
    )
    options = parser.parse_args()
    chosen = options.only.split(",")
    tally = Tally(until=time.monotonic() + options.seconds)
    plain = Tally(until=tally.until)
    try:
        _sweep(chosen, options.every, tally, plain)
    except Enough:
        print("not all points were tried: the time was over")
    if plain.points:
        tally.points["without exchange"] = sum(plain.points.values())
        tally.damaged += [f"without exchange {line}" for line in plain.damaged]
    print(tally.text())
    return 1 if tally.damaged else 0


def _sweep(chosen: list[str], every: int, tally: Tally, plain: Tally) -> None:
    started = time.monotonic()
    with Ground() as ground:
        print(
            f"an apply of {len(scenario.CHANGES)} files makes {len(ground.calls)} file-changing calls",
            flush=True,
        )
        for name in chosen:
            if name in MODES:
                MODES[name](ground, tally, every)
                print(
                    f"{name}: {time.monotonic() - started:.0f} s, {len(tally.damaged)} damaged so far",
                    flush=True,
                )
    if "reorder" in chosen:
        from tests.crash import reorder

        reorder.sweep(tally, every)
    if "no-exchange" in chosen:
        with Ground(exchange=False) as ground:
            for name in ("kill", "recovery-kill", "error", "error-kill"):
                MODES[name](ground, plain, every)


if __name__ == "__main__":
    sys.exit(main())
