"""A server in a thread of its own, for tests and scripts that are clients of it in the same process."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from types import TracebackType

from cmgsim.arm.doors.certificates import Certificates
from cmgsim.arm.doors.entrance import Entrance
from cmgsim.arm.doors.limits import Limits
from cmgsim.arm.doors.server import Serving, listen


class Hosted:
    """A running server; a context manager that ends it. ``url`` has no slash at its end.

    The cloud belongs to the server's thread: look at it between requests only.
    """

    def __init__(
        self, entrance: Entrance, certificates: Certificates, port: int = 0, limits: Limits | None = None
    ) -> None:
        self.entrance = entrance
        self.certificates = certificates
        self._begun: Future[Serving] = Future()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._limits = limits
        self._thread = threading.Thread(target=self._work, args=(port,), name="cmgsim-server", daemon=True)
        self._thread.start()
        self.serving = self._begun.result()
        self.url = self.serving.url

    def close(self) -> None:
        """End the server and wait until it has ended."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def __enter__(self) -> Hosted:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _work(self, port: int) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._live(port))

    async def _live(self, port: int) -> None:
        try:
            serving = await listen(self.entrance, self.certificates.context(), port, self._limits)
        except Exception as error:
            self._begun.set_exception(error)
            return
        self._begun.set_result(serving)
        await self._stop.wait()
        await serving.close()
