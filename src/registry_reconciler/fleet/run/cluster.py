"""The cluster that tasks run on: processes of our own on this machine, or a scheduler that is there already.

A scheduler takes functions from whoever reaches it and runs them. So beyond this machine's loopback it is spoken to by
TLS only, and the one of our own listens on the loopback and nowhere else.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.base.interrupts import Hold
from registry_reconciler.errors import MissingExtra, RegistryFailure, UsageFailure

CONNECT_SECONDS = 15.0
WORKERS_SECONDS = 60.0
"""A scheduler without a worker for so long is one on which nothing comes to an end."""

GONE_SECONDS = 5.0
"""A scheduler that cannot be reached for so long is gone."""


class SchedulerGone(RegistryFailure):
    """There is no scheduler at the address, there is none any more, or it has no workers."""

    code = "scheduler_gone"


class Tls(Struct, frozen=True):
    """The files for TLS; "": what Dask's own configuration says."""

    ca: str = ""
    cert: str = ""
    key: str = ""


def require_fleet() -> None:
    """Raises :class:`MissingExtra` where the extra is not installed."""
    from importlib.util import find_spec

    if find_spec("distributed") is None:
        raise MissingExtra("fleet", "A run over a fleet")
    if not hasattr(os, "fork"):
        raise UsageFailure("a fleet is run on Linux and macOS: this system cannot fork a process")


def check_address(address: str) -> str:
    """The address of a scheduler as it may be used.

    Raises:
        UsageFailure: it is none, or leads beyond the loopback without TLS.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not re.fullmatch(r"(tcp|tls)://(\[[^\]/@]+\]|[^:/@\[\]]+):\d+/?", address) or not host or port is None:
        raise UsageFailure(
            f"--scheduler takes tcp://HOST:PORT or tls://HOST:PORT; not {visible(address)!r}",
        )
    if parts.scheme == "tcp" and not is_loopback(host):
        raise UsageFailure(
            f"{visible(address)} leads beyond this machine, so TLS is required: whoever reaches an open scheduler "
            f"runs programs there. Start it with --tls-cert, --tls-key and --tls-ca-file, and say tls://{host}:{port}"
        )
    return address.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or number alone: no name server is asked."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


class Cluster:
    """A client, and the processes that it started, if any."""

    def __init__(self, workers: int, scheduler: str | None, tls: Tls = Tls()) -> None:  # noqa: B008
        import dask
        import distributed  # noqa: F401  # which sets the levels of its loggers

        # What matters of it is said in the answer; the rest is for who debugs a cluster.
        for name in ("tornado", "asyncio", *logging.root.manager.loggerDict):
            if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        dask.config.set(
            {
                "distributed.comm.timeouts.connect": f"{CONNECT_SECONDS}s",
                "distributed.comm.retry.count": 0,
                "distributed.worker.preload": [],
                "distributed.nanny.preload": [],
                # Nobody but us looks at it, so no page of it is served.
                "distributed.scheduler.http.routes": [],
                "distributed.worker.http.routes": [],
                "distributed.scheduler.allowed-failures": 3,
                "distributed.scheduler.worker-saturation": 1.1,
                "distributed.nanny.pre-spawn-environ": {
                    "OMP_NUM_THREADS": "1",
                    "MKL_NUM_THREADS": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                },
            }
        )
        self.address = scheduler or ""
        self._local: Any = None
        self._client: Any = None
        self._lost: float | None = None
        self._idle: float | None = None
        self._number = 0
        self._futures: set[Any] = set()
        try:
            if scheduler is None:
                self._start(workers)
            else:
                self._connect(scheduler, tls)
        except BaseException:
            self.close()
            raise

    def _start(self, workers: int) -> None:
        from distributed import Client, LocalCluster

        new_client: Any = Client
        new_cluster: Any = LocalCluster

        # Without workers, which takes no time, so that whoever is interrupted knows what was started.
        hold = Hold()
        try:
            self._local = new_cluster(
                n_workers=0,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                worker_dashboard_address="127.0.0.1:0",
                memory_limit=0,
                silence_logs=logging.CRITICAL + 1,
            )
        finally:
            hold.end()
        self._local.scale(workers)
        self._client = new_client(self._local, set_as_default=False)

    def _connect(self, scheduler: str, tls: Tls) -> None:
        from distributed import Client
        from distributed.security import Security

        new_client: Any = Client
        new_security: Any = Security

        security = None
        if scheduler.startswith("tls://"):
            given = {
                "tls_ca_file": tls.ca,
                "tls_client_cert": tls.cert,
                "tls_client_key": tls.key,
            }
            security = new_security(
                require_encryption=True, **{name: value for name, value in given.items() if value}
            )
            if not security.tls_ca_file:
                raise UsageFailure(
                    "tls:// needs to know whom to trust: --tls-ca FILE, --tls-cert FILE and --tls-key FILE, or the "
                    "same in Dask's own configuration (distributed.comm.tls)"
                )
        try:
            self._client = new_client(
                scheduler,
                security=security,
                timeout=CONNECT_SECONDS,
                set_as_default=False,
                name="registry-fleet",
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise SchedulerGone(
                f"no scheduler answers at {visible(scheduler)} within {CONNECT_SECONDS:.0f} seconds: start one "
                "(dask scheduler --host 127.0.0.1), or leave --scheduler out to use processes of this machine"
            ) from error
        self._refuse_open_workers()

    def _refuse_open_workers(self) -> None:
        """Tasks hold addresses of repositories: they go to no worker beyond this machine without TLS."""
        for address in self._client.scheduler_info(n_workers=-1)["workers"]:
            scheme, _, rest = address.partition("://")
            if scheme != "tls" and not is_loopback(urlsplit(f"tcp://{rest}").hostname or ""):
                raise UsageFailure(
                    f"the scheduler has a worker beyond this machine, at {visible(address)}, without TLS: whoever "
                    "reaches it runs programs there. Start scheduler and workers with --tls-cert, --tls-key and "
                    "--tls-ca-file"
                )

    def submit(
        self, function: Callable[[dict[str, Any]], Any], order: dict[str, Any], done: Callable[[Any], None]
    ) -> None:
        """Let a worker call a function; ``done`` is told what it gave, or the exception."""
        self._number += 1
        key = f"registry-fleet-{os.getpid()}-{id(self)}-{self._number}"
        future = self._client.submit(function, order, key=key, pure=False)
        self._futures.add(future)

        def ended(future: Any) -> None:
            if future.status == "finished":
                try:
                    found: Any = future.result(timeout=60)
                except Exception as error:
                    if self._client.status != "running":
                        return  # who has the answer cannot be asked any more: trouble() says so
                    found = error
                done(found)
            elif future.status == "error":
                done(future.exception() or RuntimeError("it failed"))
            self._futures.discard(future)

        future.add_done_callback(ended)

    def trouble(self) -> str:
        """Why nothing more is to be expected; "" where something is."""
        client = self._client
        if client is None or client.status in ("closed", "closing"):
            return f"the scheduler {visible(self.address)} is gone"
        now = time.monotonic()
        if client.status != "running":
            self._lost = self._lost or now
            return f"the scheduler {visible(self.address)} is gone" if now - self._lost > GONE_SECONDS else ""
        self._lost = None
        if self._has_workers():
            self._idle = None
            return ""
        self._idle = self._idle or now
        if now - self._idle < WORKERS_SECONDS:
            return ""
        who = f"the scheduler {visible(self.address)}" if self.address else "this machine"
        return f"{who} has had no worker for {WORKERS_SECONDS:.0f} seconds"

    def _has_workers(self) -> bool:
        try:
            return bool(self._client.scheduler_info(n_workers=-1)["workers"])
        except Exception:
            return True  # it was lost at this very moment: the next look says so

    def close(self) -> None:
        """Leave the scheduler, and end what was started."""
        client, local = self._client, self._local
        self._client = self._local = None
        if client is not None:
            if local is None and client.status == "running":
                from registry_reconciler.fleet.run.workers import end_forks

                with contextlib.suppress(Exception):
                    client.cancel(list(self._futures), force=True)
                with contextlib.suppress(Exception):
                    client.run(end_forks, on_error="ignore")
            with contextlib.suppress(Exception):
                client.close(timeout=2)
        if local is not None:
            _end_processes(local)


def _end_processes(local: Any) -> None:
    """End the workers. They hold nothing that has to be kept, so nobody waits for what they are doing."""
    import multiprocessing
    import signal

    # One that is just being started cannot be closed, and what is left to do at the end of the program would wait.
    local.shutdown_on_close = False
    with contextlib.suppress(Exception):
        local.scale(0)
    workers = multiprocessing.active_children()
    # What they started would notice by itself, but a moment later than this command is over.
    below = [pid for process in workers if process.pid for pid in _below(process.pid)]
    for process in workers:
        process.kill()
    for pid in below:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(Exception):
        local.close(timeout=1)
    for process in multiprocessing.active_children():
        process.kill()


def _below(pid: int) -> list[int]:
    from registry_reconciler.runtime.execution.supervise import descendants

    return descendants(pid) if os.path.isdir("/proc") else []
