"""Ways to run many tasks: processes on this machine, or a Dask cluster by its address.

Both take tasks and yield their results as they finish, in any order; a task is a pure function of its fields, so both
give the same bytes. Neither is asked to remember anything: what was yielded is kept by the caller.

A cluster is other machines, and each of its ends becomes one line here: a scheduler that goes away, workers that die,
and workers that have no cmgsim or another one. What Dask would log of them meanwhile is not shown.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Protocol

from cmgsim.errors import UsageError
from cmgsim.study.task import Task, run_task

#: How often a pool is begun anew when a worker was killed and nothing has finished since.
PATIENCE = 3
#: How long to wait for a scheduler to answer, and a cluster to have a worker.
ANSWER_S = 10
#: How long to wait until a client has closed.
LEAVE_S = 2


class WorkerLost(UsageError):
    """A worker was killed again and again at the same tasks, or all of them are out of reach."""


class Executor(Protocol):
    """Runs tasks."""

    def results(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes]]:
        """Yield every task with its result, as they finish.

        Raises:
            WorkerLost: if workers die at it.
        """


class Here:
    """In this process, one after the other."""

    def results(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes]]:
        """Yield every task with its result."""
        for task in tasks:
            yield task, run_task(task)


class Processes:
    """In processes of this machine, begun afresh (*spawn*), so that it is the same on every system.

    A killed worker takes its pool with it: the tasks that were not finished go to a new one.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.restarts = 0

    def results(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes]]:
        """Yield every task with its result, as they finish.

        Raises:
            WorkerLost: if workers are killed without anything having been finished, several times in a row.
        """
        left = dict.fromkeys(tasks)
        deaths = 0
        while left:
            before = len(left)
            try:
                for task, result in self._pool_of(list(left)):
                    del left[task]
                    yield task, result
            except BrokenProcessPool:
                self.restarts += 1
                deaths = deaths + 1 if len(left) == before else 1
                if deaths >= PATIENCE:
                    raise WorkerLost(
                        f"a worker process was killed {deaths} times at the same tasks (out of memory?): {len(left)} "
                        "are left; try fewer --workers or a smaller --scale, and repeat the command"
                    ) from None

    def _pool_of(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes]]:
        pool = ProcessPoolExecutor(self.workers, multiprocessing.get_context("spawn"), _deaf_to_interrupts)
        waiting: dict[Future[bytes], Task] = {}
        queue = iter(tasks)
        try:
            while True:
                for task in queue:
                    with _interruptions_held():
                        waiting[pool.submit(run_task, task)] = task
                    if len(waiting) >= 2 * self.workers:
                        break
                if not waiting:
                    break
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=lambda future: waiting[future].key):
                    yield waiting[future], future.result()
                    del waiting[future]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()  # idle by now; an interpreter that ends beside the pool's thread may complain of its pipes


@contextmanager
def _interruptions_held() -> Iterator[None]:
    """Hold Ctrl-C back while a worker is born, so that it is deaf from its first moment; then it reaches us."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _deaf_to_interrupts() -> None:
    """Let Ctrl-C reach the process that leads, not the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Cluster:
    """On a Dask cluster whose workers have the same version of cmgsim installed."""

    def __init__(self, address: str) -> None:
        """Connect to a scheduler such as ``tcp://10.0.0.7:8786``.

        Raises:
            UsageError: if Dask is not installed, or no scheduler answers there.
        """
        try:
            distributed: Any = import_module("distributed")
        except ImportError:
            raise UsageError(
                "a cluster needs Dask, which is not installed: pip install 'cmgsim[cluster]', or leave --scheduler out"
            ) from None
        self.address = address
        try:
            self._client: Any = distributed.Client(address, timeout=ANSWER_S, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UsageError(
                f"no Dask scheduler answers at {address} within {ANSWER_S} s ({reason}): start one with "
                "'dask scheduler' and give the address it prints, or leave --scheduler out to run on this machine"
            ) from None

    def results(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes]]:
        """Yield every task with its result, as they finish.

        Raises:
            WorkerLost: if the cluster gives a task up because its workers died, has no worker at all, or its scheduler
                went away.
            OtherProgram: if a worker has other sources of cmgsim.
            UsageError: if a worker has none.
        """
        with _quiet(), self._ended_well():
            yield from self._finished(tasks)

    def _finished(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes]]:
        distributed: Any = import_module("distributed")
        self._require_workers()
        by_key = {f"cmgsim-{task.key}": task for task in tasks}
        futures = [self._client.submit(run_task, task, key=key, pure=True) for key, task in by_key.items()]
        try:
            for future in distributed.as_completed(futures, loop=self._client.loop):
                yield by_key[future.key], future.result()
        finally:
            if self._client.status == "running":
                self._client.cancel(futures)

    @contextmanager
    def _ended_well(self) -> Iterator[None]:
        """Take leave of the cluster in the end, and say in one line what ended it before."""
        distributed: Any = import_module("distributed")
        lost = (distributed.client.FutureCancelledError, distributed.comm.CommClosedError, CancelledError, OSError)
        try:
            yield
        except distributed.KilledWorker as error:
            raise WorkerLost(
                f"the cluster gave a task up because its workers died: {str(error).splitlines()[0]}; "
                "what was finished is kept: repeat the command"
            ) from None
        except (ImportError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "deserialization" not in str(error):
                raise
            raise UsageError(
                "the scheduler or a worker cannot import cmgsim, or has another one: install the same version on every "
                "machine of the cluster, start them again, and repeat the command"
            ) from None
        except lost:
            raise WorkerLost(
                f"the scheduler at {self.address} went away in the middle; what was finished is kept: start it and its "
                "workers again, and repeat the command"
            ) from None
        finally:
            with suppress(*lost):
                self._client.close(timeout=LEAVE_S)

    def _require_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=ANSWER_S)
        except TimeoutError:
            raise WorkerLost("the scheduler has no worker: start some with 'dask worker ADDRESS'") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Dask log nothing meanwhile: what ends a cluster is told in one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
