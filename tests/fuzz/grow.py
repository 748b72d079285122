"""A search guided by coverage: ``python -m tests.fuzz.grow [SECONDS [SEED]]``.

Texts of the corpus are changed at random; one that reaches a step from line to line of the parser or the splicer
that none reached before is kept in the corpus, one that breaks a law is kept in it too and printed. With atheris
installed, ``--atheris`` lets libFuzzer do the same from the same corpus.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.target import CORPUS, corpus, try_text

WORDS = (
    *(
        b"- ",
        b": ",
        b"? ",
        b"#",
        b" #",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!str ",
        b"! ",
        b"|",
        b">",
        b"|2-",
        b">+",
        b"'",
    ),
    *(
        b'"',
        b"\\",
        b"\\x00",
        b"\\ud800",
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b"---\n",
        b"...\n",
        b"%YAML 1.2\n---\n",
    ),
    *(
        b"\n",
        b"\r\n",
        b"\n\n",
        b"  ",
        b"\t",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\xff",
        b"~",
    ),
    *(b"null", b".inf", b"0o7", b"1e400", b"yes", b"a: 1\n", b"- b\n", b"<<<<<<< x\n", b"\xf0\x9f\x98\x80"),
)
LARGEST = 400


def changed(data: bytes, others: list[bytes], choice: random.Random) -> bytes:
    """A text like another."""
    for _ in range(choice.choice((1, 1, 2, 3, 6))):
        at = choice.randrange(len(data) + 1)
        to = min(len(data), at + choice.choice((0, 1, 1, 2, 8, 30)))
        roll = choice.random()
        if roll < 0.45:
            data = data[:at] + choice.choice(WORDS) + data[to:]
        elif roll < 0.6:
            data = data[:at] + data[to:]
        elif roll < 0.75:
            data = data[:to] + data[at:to] + data[to:]
        elif roll < 0.9:
            other = choice.choice(others)
            start = choice.randrange(len(other) + 1)
            data = data[:at] + other[start : start + choice.randint(1, 60)] + data[to:]
        else:
            data = data[:at] + bytes([choice.randrange(256)]) + data[to:]
    return data[:LARGEST]


class Steps:
    """Which steps between lines of the package's reader and splicer were taken."""

    def __init__(self) -> None:
        self.known: set[tuple[str, int, int]] = set()
        self._new = False
        self._last: dict[int, int] = {}

    def run(self, data: bytes, seed: int) -> tuple[str, bool]:
        """The law that broke, or "", and whether anything new was reached."""
        self._new = False
        sys.settrace(self._enter)
        try:
            broken = try_text(data, seed)
        except Exception as error:
            broken = f"{type(error).__name__}: {error}"
        finally:
            sys.settrace(None)
        return broken, self._new

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._step if "yamltext" in frame.f_code.co_filename else None

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            key = id(frame)
            step = (frame.f_code.co_filename, self._last.get(key, 0), frame.f_lineno)
            self._last[key] = frame.f_lineno
            if step not in self.known:
                self.known.add(step)
                self._new = True
        elif event == "return":
            self._last.pop(id(frame), None)
        return self._step


def keep(data: bytes, prefix: str = "") -> Path:
    """Write a text into the corpus, under its digest."""
    path = CORPUS / f"{prefix}{hashlib.sha256(data).hexdigest()[:16]}"
    path.write_bytes(data)
    return path


def grow(seconds: float, seed: int) -> int:
    """Search for so long; the number of laws that broke."""
    choice = random.Random(seed)
    texts = [path.read_bytes() for path in corpus()]
    steps, broken, tried = Steps(), 0, 0
    for text in texts:
        steps.run(text, 0)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        text = changed(choice.choice(texts), texts, choice)
        tried += 1
        said, new = steps.run(text, 0)
        if said:
            broken += 1
            print(f"{keep(text, 'broken-')}: {said}")
        elif new:
            texts.append(text)
            keep(text)
    print(f"{tried} texts, {len(texts)} in the corpus, {len(steps.known)} steps, {broken} broken")
    return broken


def with_atheris() -> None:
    """The same by libFuzzer, which never comes back."""
    atheris = import_module("atheris")

    def one(data: bytes) -> None:
        said = try_text(data)
        if said:
            raise AssertionError(said)

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], str(CORPUS), "-max_len=400"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    if "--atheris" in sys.argv:
        with_atheris()
    words = sys.argv[1:]
    sys.exit(
        bool(
            grow(float(words[0]) if words else 60.0, int(words[1]) if words[1:] else random.randrange(2**32))
        )
    )
