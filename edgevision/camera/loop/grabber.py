"""The thread that opens a source and passes its frames on, and does nothing else."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

from edgevision.camera.sources.frame import Frame
from edgevision.camera.sources.source import FrameSource
from edgevision.errors import DeviceError, EdgeVisionError

logger = logging.getLogger(__name__)


class Grabber:
    """One life of one source: opened, read until it ends or fails, closed; then the thread ends.

    Opening anew is a new `Grabber`. One whose thread is stuck in native code is abandoned: should
    it ever come back, it closes its source, and nothing it read is passed on.
    """

    def __init__(
        self,
        open_source: Callable[[], FrameSource],
        deliver: Callable[[Frame], None],
        numbers: Iterator[int],
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._open_source = open_source
        self._deliver = deliver
        self._numbers = numbers
        self._clock_ns = clock_ns
        self._stop = threading.Event()
        self._entered_ns: int | None = None
        self.is_opened = False
        self.frames = 0
        """Passed on so far."""
        self.has_ended = False
        """Whether the source said that there is no more."""
        self.error: EdgeVisionError | None = None
        """Why it failed."""
        self._thread = threading.Thread(target=self._run, name="grabber", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def abandon(self) -> None:
        """Pass on nothing more, and end as soon as the source lets go."""
        self._stop.set()

    def fail(self, error: EdgeVisionError) -> None:
        """End, because what it passes on is of no use."""
        self.error = self.error or error
        self._stop.set()

    @property
    def is_alive(self) -> bool:
        """Whether its thread still runs."""
        return self._thread.is_alive()

    def join(self, timeout: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(timeout)

    def busy_s(self) -> float:
        """For how long the source has been inside one call (opening, or reading one frame).

        Not the time since the last frame: a thread that waits for room in line is not stuck.
        """
        entered_ns = self._entered_ns
        return 0.0 if entered_ns is None else (self._clock_ns() - entered_ns) / 1e9

    def _run(self) -> None:
        source: FrameSource | None = None
        try:
            self._entered_ns = self._clock_ns()
            source = self._open_source()
            self.is_opened = True
            self._pass_on(source)
        except EdgeVisionError as error:
            self.error = self.error or error
        except Exception as error:  # a driver's wrapper may raise anything, and we must not die
            logger.debug("the source failed in an unforeseen way", exc_info=True)
            self.error = self.error or DeviceError(f"{type(error).__name__}: {error}")
        finally:
            self._entered_ns = self._clock_ns()
            _close(source)
            self._entered_ns = None

    def _pass_on(self, source: FrameSource) -> None:
        while not self._stop.is_set():
            self._entered_ns = self._clock_ns()
            frame = source.read(next(self._numbers))
            self._entered_ns = None
            if self._stop.is_set():
                return
            if frame is None:
                self.has_ended = True
                return
            self.frames += 1
            self._deliver(frame)


def _close(source: FrameSource | None) -> None:
    if source is None:
        return
    try:
        source.close()
    except Exception:  # it is given up anyway
        logger.debug("closing the source failed", exc_info=True)
