"""Who grades a class: threads of this machine, or the workers of a Dask cluster.

A thread here only waits; the processes that it starts do the work. It does not know what
the work is, nor what becomes of the results.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

from kernelmark.errors import ClusterError, KernelmarkError

# A worker that is lost costs the work it had; after so many losses the work itself is suspected.
MAX_LOSSES = 3
# What these log of a lost connection, tracebacks and all, is told in one line by `trouble` or in a `ClusterError`.
LOUD = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
# How long a scheduler may take to answer.
CONNECT_S = 10


@dataclass
class Workers:
    """Threads of this machine, `count` submissions at once."""

    # Whether work leaves this machine, and may be lost with another one.
    remote: ClassVar[bool] = False

    executor: Executor
    count: int

    def submit(self, function: Callable[[Any], Any], work: Any) -> Future[Any]:
        """Have a piece of work done, sooner or later."""
        return self.executor.submit(function, work)

    def trouble(self) -> str:
        """Return what holds all work up at the moment, "" where nothing does.

        Raises:
            ClusterError: no work will ever be done.
        """
        return ""

    def drop(self, futures: Iterable[Future[Any]]) -> None:
        """Do not begin what has not been begun."""
        for future in futures:
            future.cancel()


@dataclass
class DaskWorkers(Workers):
    """The workers of a cluster, which may come and go."""

    remote: ClassVar[bool] = True

    client: Any
    address: str

    def submit(self, function: Callable[[Any], Any], work: Any) -> Future[Any]:
        """Send it to the scheduler, as soon as there is a connection."""
        self._require_scheduler()
        return super().submit(function, work)

    def trouble(self) -> str:
        """Ask the scheduler; wait while the connection to it is being made again."""
        self._require_scheduler()
        try:
            connected = self.client.nthreads()
        except OSError:
            return f"the connection to {self.address} was lost; it is being made again"
        return "" if connected else f"no worker is connected to {self.address}; waiting for one"

    def _require_scheduler(self) -> None:
        while self.client.status == "connecting":
            time.sleep(0.1)
        if self.client.status != "running":
            raise ClusterError(
                f"the Dask scheduler at {self.address} went away; start it and its workers again, then run the same "
                "command again; nothing is lost"
            )

    def drop(self, futures: Iterable[Future[Any]]) -> None:
        """A scheduler that is gone has nothing to drop."""
        if self.client.status == "running":
            super().drop(futures)


@contextlib.contextmanager
def workers(jobs: int, scheduler: str) -> Iterator[Workers]:
    """Hold those who grade.

    Args:
        jobs: submissions at once; 0 means one for each core, or for each thread of the cluster.
        scheduler: the address of a Dask scheduler; "" for this machine.

    Raises:
        KernelmarkError: the scheduler cannot be reached, or `distributed` is not installed.
    """
    if not scheduler:
        threads = jobs or len(os.sched_getaffinity(0))
        with ThreadPoolExecutor(threads) as pool:
            yield Workers(pool, threads)
        return
    try:
        import distributed
    except ImportError:
        raise KernelmarkError("--scheduler needs Dask; run: pip install 'kernelmark[cluster]'") from None
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client: Any = distributed.Client(scheduler, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise KernelmarkError(
            f"no Dask scheduler answers at {scheduler} ({error}); start one: dask scheduler"
        ) from None
    with client:
        # A worker that dies is no reason to give up the work that it had.
        client.run_on_scheduler(_allow_losses)
        executor = client.get_executor(pure=False, retries=MAX_LOSSES)
        count = jobs or max(sum(client.nthreads().values()), 1)
        yield DaskWorkers(executor, count, client, scheduler)


def _allow_losses(dask_scheduler: Any) -> None:
    dask_scheduler.allowed_failures = MAX_LOSSES
