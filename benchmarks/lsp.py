"""How soon the language server answers a keystroke: ``python3 dev.py bench -m benchmarks.lsp [--entries N]``.

The installed server is driven over its standard input as an editor does. One measurement is the time from a
``textDocument/didChange`` of one character to the ``publishDiagnostics`` of that version; every second one makes a
reference dangle, and every other mends it. Beside it, in the same run and taking turns: a server of the same library
that answers each change with an empty list, and ``registry check`` as a process of its own over the same workspace.
With ``--edits 10000`` the memory on the way says whether it stays flat.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.data import make

FRAGMENT = "desired/part-00000.yaml"
OLD = "svc.0000003"

_OLD = 4.0
"""Seconds: nobody opens an editor in the moment in which a workspace was written, and times do not tell then."""

EMPTY = """\
from lsprotocol import types
from pygls.lsp.server import LanguageServer
server = LanguageServer("empty", "1")
@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def changed(params):
    document = params.text_document
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(document.uri, [], version=document.version)
    )
server.start_io()
"""


class Editor:
    """As much of an editor as the measurement needs."""

    def __init__(self, command: Sequence[str], root: Path) -> None:
        self.process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.root = root
        self.version = 0
        self.uri = (root / FRAGMENT).as_uri()
        self.text = (root / FRAGMENT).read_text("utf-8")
        before, _, _ = self.text.partition(OLD)
        self.line = before.count("\n")
        self.column = len(before) - before.rfind("\n") - 1 + len(OLD)

    def send(self, **message: Any) -> None:
        """Send a message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The next message."""
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline().strip()) or not length:
            if not line and self.process.poll() is not None:
                raise SystemExit("the server went away")
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        found: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return found

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message for which something holds; requests of the server are answered with nothing."""
        while True:
            message = self.read()
            if holds(message):
                return message
            if "method" in message and "id" in message:
                self.send(id=message["id"], result=None)

    def open(self) -> float:
        """Say hello and open the fragment; the seconds until its problems are there."""
        folder = {"uri": self.root.as_uri(), "name": "workspace"}
        began = time.perf_counter()
        self.send(
            id=1,
            method="initialize",
            params={"processId": os.getpid(), "capabilities": {}, "workspaceFolders": [folder]},
        )
        self.until(lambda message: message.get("id") == 1)
        self.send(method="initialized", params={})
        document = {"uri": self.uri, "languageId": "yaml", "version": 0, "text": self.text}
        self.send(method="textDocument/didOpen", params={"textDocument": document})
        self.type("x")
        self.type("")
        return time.perf_counter() - began

    def type(self, new: str) -> tuple[float, int]:
        """Put a letter behind a reference, or take it away: seconds until the answer, and problems in it."""
        start = {"line": self.line, "character": self.column}
        end = {"line": self.line, "character": self.column + (0 if new else 1)}
        self.version += 1
        change = {"range": {"start": start, "end": end}, "text": new}
        document = {"uri": self.uri, "version": self.version}
        began = time.perf_counter()
        self.send(
            method="textDocument/didChange", params={"textDocument": document, "contentChanges": [change]}
        )
        answer = self.until(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics"
                and message["params"]["uri"] == self.uri
                and message["params"].get("version") == self.version
            )
        )
        return time.perf_counter() - began, len(answer["params"]["diagnostics"])

    def close(self) -> None:
        """Say goodbye."""
        self.send(id=2, method="shutdown")
        self.until(lambda message: message.get("id") == 2)
        self.send(method="exit")
        self.process.wait(30)


@contextmanager
def opened(command: Sequence[str], root: Path) -> Iterator[Editor]:
    """An editor with the fragment open."""
    editor = Editor(command, root)
    try:
        yield editor
        editor.close()
    finally:
        editor.process.kill()
        editor.process.wait()


def resident(editor: Editor) -> float:
    """MB of memory that the server takes now; 0 where the system does not say."""
    status = Path(f"/proc/{editor.process.pid}/status")
    rows = status.read_text().splitlines() if status.exists() else []
    return next((int(row.split()[1]) / 1024 for row in rows if row.startswith("VmRSS")), 0.0)


def checked(script: str, root: Path) -> float:
    """Seconds that a check as a process of its own takes, with what is remembered of the last one."""
    began = time.perf_counter()
    subprocess.run([script, "check", "--no-cache"], cwd=root, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def shown(name: str, seconds: Sequence[float]) -> str:
    """A line of the report."""
    median, worst = statistics.median(seconds) * 1e3, max(seconds) * 1e3
    return f"{name:<44} median {median:7.1f} ms   worst {worst:7.1f} ms   of {len(seconds)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--edits", type=int, default=50)
    parser.add_argument("--checks", type=int, default=5)
    arguments = parser.parse_args()
    script = str(Path(sys.executable).parent / "registry")
    with tempfile.TemporaryDirectory() as home:
        root = Path(home, "workspace").resolve()
        make(root, arguments.entries, changed=0)
        time.sleep(_OLD)
        empty = Path(home, "empty.py")
        empty.write_text(EMPTY)
        ours: list[float] = []
        memory: list[float] = []
        floor: list[float] = []
        with opened([script, "lsp"], root) as editor, opened([sys.executable, str(empty)], root) as beside:
            first = editor.open()
            beside.open()
            for number in range(arguments.edits):
                letter = "" if number % 2 else "x"
                seconds, problems = editor.type(letter)
                # The warm-up left none: with a letter too many the reference dangles.
                assert (problems > 0) == bool(letter), (number, problems)
                ours.append(seconds)
                floor.append(beside.type(letter)[0])
                if number % max(1, arguments.edits // 10) == 0:
                    memory.append(resident(editor))
        checks = [checked(script, root) for _ in range(arguments.checks)]
    print(f"{arguments.entries} entries; the first problems were there after {first:.2f} s")
    print("memory of the server (MB), ten times on the way:", *(f"{size:.0f}" for size in memory))
    print(shown("keystroke to problems, registry lsp", ours))
    print(shown("the same, a server that answers nothing", floor))
    print(shown("registry check --no-cache, a process", checks))


if __name__ == "__main__":
    main()
