"""The thread that makes a result of each inference and hands it to every sink.

Apart from inference, which meanwhile is at the next frame: right after a run of the model the
processor's caches hold nothing but weights, and reading answers there takes ten times as long.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from edgevision.camera.loop.hysteresis import Hysteresis
from edgevision.camera.loop.mailbox import BoundedQueue
from edgevision.camera.loop.predictor import Inference
from edgevision.camera.loop.result import FrameResult
from edgevision.camera.loop.stats import LoopStats
from edgevision.camera.outputs.sink import Sink
from edgevision.camera.sources.frame import Frame
from edgevision.errors import EdgeVisionError
from edgevision.tasks.interface import FrameSize

logger = logging.getLogger(__name__)

_CAPACITY = 2
"""Inferences that may wait. Reading one takes a hundredth of what making one takes."""

_TAKE_S = 60.0


class Reporter:
    """Counts results, and stops taking more at a limit. Lives as long as the loop does."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        *,
        stats: LoopStats,
        hysteresis: Hysteresis,
        limit: int | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            sinks: every result goes to each; must take or drop it at once.
            stats: counts the results.
            hysteresis: sees all labelled items.
            limit: so many results, and no more.
            clock_ns: for the age of results.
        """
        self._sinks = sinks
        self._stats = stats
        self._hysteresis = hysteresis
        self._limit = limit
        self._clock_ns = clock_ns
        self._queue: BoundedQueue[tuple[Frame, Inference, int]] = BoundedQueue(_CAPACITY)
        self._taken = 0
        self.error: EdgeVisionError | None = None
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def report(self, frame: Frame, inference: Inference, dropped: int) -> bool:
        """Take one more; False when it was the last that is wanted.

        Args:
            frame: as inference took it.
            inference: what it gave.
            dropped: frames that inference never took, until now.
        """
        self._queue.put((frame, inference, dropped))
        self._taken += 1
        return self._limit is None or self._taken < self._limit

    def close(self, timeout: float) -> bool:
        """Report what is waiting, and end; False when that did not happen in time."""
        self._queue.close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._queue.is_drained:
                item = self._queue.take(_TAKE_S)
                if item is not None:
                    self._report(*item)
                # A frame must not live on here while we wait for the next.
                del item
        except Exception as error:  # the main thread must learn of it, whatever it is
            logger.debug("reporting failed in an unforeseen way", exc_info=True)
            self.error = EdgeVisionError(f"{type(error).__name__}: {error}")
            # Inference must not wait for room.
            self._queue.close()

    def _report(self, frame: Frame, inference: Inference, dropped: int) -> None:
        height, width = frame.unpack().shape[:2]
        decoded = inference.decode(FrameSize(width=width, height=height))
        finished_ns = self._clock_ns()
        result = FrameResult(
            sequence=frame.sequence,
            captured_ns=frame.captured_ns,
            finished_ns=finished_ns,
            wait_ms=(inference.began_ns - frame.captured_ns) / 1e6,
            pre_ms=(inference.filled_ns - inference.began_ns) / 1e6,
            infer_ms=(inference.ended_ns - inference.filled_ns) / 1e6,
            post_ms=(finished_ns - inference.ended_ns) / 1e6,
            dropped=dropped,
            answer=decoded.answer,
            steady=self._hysteresis.update(decoded.items),
        )
        self._stats.add(result)
        for sink in self._sinks:
            sink.offer(result, frame)
