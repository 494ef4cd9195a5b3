"""Where results go, and how a slow or stuck taker is kept from ever slowing inference."""

import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from edgevision.camera.loop.mailbox import LatestSlot
from edgevision.camera.loop.result import FrameResult
from edgevision.camera.sources.frame import Frame

logger = logging.getLogger(__name__)

_COMPLAIN_EVERY_S = 60.0

Item = TypeVar("Item")


class Sink(Protocol):
    """Takes results from the inference thread."""

    @property
    def name(self) -> str:
        """For the figures: "jsonl", "mqtt"."""

    @property
    def dropped(self) -> int:
        """Results that it had no room for."""

    def offer(self, result: FrameResult, frame: Frame, /) -> None:
        """Take the result or drop it, at once."""

    def close(self, timeout: float) -> None:
        """Write what is waiting, for at most `timeout` seconds, and end."""


def result_only(result: FrameResult, _frame: Frame) -> FrameResult:
    """Queue every result, and let go of its frame."""
    return result


class QueuedSink(Generic[Item]):
    """A bounded queue and a thread that writes from it; full means dropped and counted."""

    def __init__(
        self,
        name: str,
        write: Callable[[Item], None],
        *,
        choose: Callable[[FrameResult, Frame], Item | None],
        capacity: int,
        idle: Callable[[], None] = lambda: None,
        finish: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread.

        Args:
            name: of the sink.
            write: writes one item; may be slow, may raise.
            choose: what to queue of a result and its frame, None for nothing. Runs on the
                inference thread: quick, and no frame where a result will do (it is megabytes).
            capacity: items that can wait.
            idle: called when everything waiting is written: flush.
            finish: called at the end.
        """
        self.name = name
        self._write, self._choose = write, choose
        self._idle, self._finish = idle, finish
        self._capacity = capacity
        self._waiting: deque[Item] = deque()
        self._changed = threading.Condition()
        self._is_closing = False
        self._complained_at: float | None = None
        self.dropped = 0
        self.failed = 0
        """Results whose writing raised."""
        self.broken: OSError | None = None
        """Set when nobody will ever read what is written (a closed pipe)."""
        self._thread = threading.Thread(target=self._run, name=f"sink-{name}", daemon=True)
        self._thread.start()

    def offer(self, result: FrameResult, frame: Frame, /) -> None:
        """Queue the result, or drop it when the queue is full."""
        item = self._choose(result, frame)
        if item is None:
            return
        with self._changed:
            if self._is_closing or len(self._waiting) >= self._capacity:
                self.dropped += 1
                return
            self._waiting.append(item)
            self._changed.notify()

    def close(self, timeout: float) -> None:
        """Write what is waiting; what cannot be written in time counts as dropped."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout)
        with self._changed:
            self.dropped += len(self._waiting)
            self._waiting.clear()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closing)
                if not self._waiting:
                    break
                item = self._waiting.popleft()
                is_last = not self._waiting
            self._guard(functools.partial(self._write, item))
            # A queued frame must not live on in this frame of the stack while we wait.
            del item
            if is_last:
                self._guard(self._idle)
        self._guard(self._finish)

    def _guard(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BrokenPipeError as error:
            self.failed += 1
            self.broken = error
        except Exception as error:  # noqa: BLE001 - a full disk or a lost broker must not end the loop
            self.failed += 1
            now = time.monotonic()
            if self._complained_at is None or now - self._complained_at > _COMPLAIN_EVERY_S:
                self._complained_at = now
                logger.warning("%s: %s: %s", self.name, type(error).__name__, error)


class NewestSink:
    """A thread that shows the newest result now and then: a screen, not a record."""

    dropped = 0

    def __init__(
        self,
        name: str,
        show: Callable[[FrameResult, Frame], None],
        *,
        period_s: float,
        finish: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._show, self._finish = show, finish
        self._period_s = period_s
        self._slot: LatestSlot[tuple[FrameResult, Frame]] = LatestSlot()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sink-{name}", daemon=True)
        self._thread.start()

    def offer(self, result: FrameResult, frame: Frame, /) -> None:
        """Make this the one to show next."""
        self._slot.put((result, frame))

    def close(self, timeout: float) -> None:
        """Stop showing."""
        self._closing.set()
        self._slot.close()
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                newest = self._slot.take(1.0)
                if newest is not None:
                    self._show(*newest)
                    self._closing.wait(self._period_s)
        except Exception as error:  # noqa: BLE001 - a screen that went away is no reason to stop seeing
            logger.warning("%s: %s: %s", self.name, type(error).__name__, error)
        finally:
            self._finish()
