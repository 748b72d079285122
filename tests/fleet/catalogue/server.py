"""A PostgreSQL server of the tests' own: on a loopback port, as an ordinary user, gone at the end."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

USER = "fleet"
PASSWORD = "tell-nobody"


class NoServer(Exception):
    """It cannot be run here; the text says why."""


class Server:
    """A running server. Each catalogue has a schema of its own in its one database."""

    def __init__(self, programs: Path, folder: Path, become: list[str]) -> None:
        self._programs = programs
        self._become = become
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._count = 0

    def _run(self, program: str, *words: str) -> None:
        call = [*self._become, str(self._programs / program), "-D", str(self._folder / "data"), *words]
        done = subprocess.run(
            call, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
        if done.returncode:
            raise NoServer(
                f"{program} said: {(done.stderr or done.stdout).decode('utf-8', 'replace')[-300:]}"
            )

    def make(self) -> None:
        """Make its files, and start it."""
        self._run("initdb", "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        self.start()

    def start(self) -> None:
        """Start it. Nothing is kept safe on the disk: what is tested is no power loss."""
        settings = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-w", "-s", "-o", settings, "-l", log, "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop it; ``immediate`` is as if it had been killed."""
        self._run("pg_ctl", "-w", "-s", "-m", how, "stop")

    def restart(self) -> None:
        """Kill it and start it again."""
        self.stop()
        self.start()

    def url(self, more: str = "", password: str = PASSWORD) -> str:
        """The URL of a catalogue that is not there yet."""
        self._count += 1
        schema = f"catalogue_{os.getpid()}_{self._count}"
        self.execute(f"CREATE SCHEMA {schema}")
        base = f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{self.port}/postgres"
        return f"{base}?options=-csearch_path%3D{schema}{more}"

    def execute(self, statement: str) -> None:
        """Run a statement as the owner of all."""
        import psycopg

        dsn = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(statement)


def _ordinary(folder: Path) -> list[str]:
    """How to become a user that the server lets itself be run by; the folder is given to them."""
    if os.geteuid() != 0:
        return []
    tool = shutil.which("runuser")
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            if tool is not None:
                os.chown(folder, user.pw_uid, user.pw_gid)
                return [tool, "-u", name, "--"]
    raise NoServer("the server does not run as root, and there is no ordinary user to become")


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server, for as long as it is needed. Raises :class:`NoServer`."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    initdb = found[-1] if found else shutil.which("initdb")
    if initdb is None:
        raise NoServer("PostgreSQL's server is not installed (Debian: postgresql)")
    # Its socket lies there too, and the path of one may not be long.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        server = Server(Path(initdb).parent, folder, _ordinary(folder))
        server.make()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
