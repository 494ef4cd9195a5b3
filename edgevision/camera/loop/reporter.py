"""The thread that makes a result of each look and hands it to every sink.

Apart from inference, which meanwhile looks at the next frame: right after a run of the model the
processor's caches hold nothing but weights, and reading answers there takes ten times as long.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from edgevision.camera.loop.hysteresis import Hysteresis
from edgevision.camera.loop.mailbox import Line
from edgevision.camera.loop.predictor import Inference
from edgevision.camera.loop.result import Result
from edgevision.camera.loop.stats import LoopStats
from edgevision.camera.outputs.sink import Sink
from edgevision.camera.sources.frame import Frame
from edgevision.errors import EdgeVisionError

logger = logging.getLogger(__name__)

_PLACES = 2
"""Looks that may wait. Reading one takes a hundredth of what making one takes."""

_TAKE_S = 60.0


class Reporter:
    """Counts results, and stops taking more at a limit. Lives as long as the loop does."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        *,
        tally: LoopStats,
        steady: Hysteresis,
        threshold: float,
        limit: int | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            sinks: every result goes to each; must take or drop it at once.
            tally: counts the results.
            steady: sees all answers.
            threshold: answers below this steer `steady` but are not reported.
            limit: so many results, and no more.
            clock_ns: for the age of results.
        """
        self._sinks = sinks
        self._tally = tally
        self._steady = steady
        self._threshold = threshold
        self._limit = limit
        self._clock_ns = clock_ns
        self._line: Line[tuple[Frame, Inference, int]] = Line(_PLACES)
        self._taken = 0
        self.error: EdgeVisionError | None = None
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def report(self, frame: Frame, look: Inference, dropped: int) -> bool:
        """Take one more; False when it was the last that is wanted.

        Args:
            frame: as inference saw it.
            look: what it saw.
            dropped: frames it never looked at, until now.
        """
        self._line.put((frame, look, dropped))
        self._taken += 1
        return self._limit is None or self._taken < self._limit

    def close(self, timeout: float) -> bool:
        """Report what is waiting, and end; False when that did not happen in time."""
        self._line.close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._line.is_drained:
                seen = self._line.take(_TAKE_S)
                if seen is not None:
                    self._report(*seen)
                # A frame must not live on here while we wait for the next.
                del seen
        except Exception as error:  # the main thread must learn of it, whatever it is
            logger.debug("reporting failed in an unforeseen way", exc_info=True)
            self.error = EdgeVisionError(f"{type(error).__name__}: {error}")
            # Inference must not wait for room.
            self._line.close()

    def _report(self, frame: Frame, look: Inference, dropped: int) -> None:
        height, width = frame.unpack().shape[:2]
        answers = look.answers(width, height)
        finished_ns = self._clock_ns()
        result = Result(
            sequence=frame.sequence,
            captured_ns=frame.captured_ns,
            finished_ns=finished_ns,
            wait_ms=(look.began_ns - frame.captured_ns) / 1e6,
            pre_ms=(look.filled_ns - look.began_ns) / 1e6,
            infer_ms=(look.ended_ns - look.filled_ns) / 1e6,
            post_ms=(finished_ns - look.ended_ns) / 1e6,
            dropped=dropped,
            width=width,
            height=height,
            answers=tuple(answer for answer in answers if answer.score >= self._threshold),
            steady=self._steady.update(answers),
        )
        self._tally.add(result)
        for sink in self._sinks:
            sink.offer(result, frame)
