"""The inference thread: take the next frame, run the model, hand its outputs to the reporter.

It does nothing else: while the model runs, other threads have all the time they need, and what
they need not wait for, it need not do.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from edgevision.camera.loop.mailbox import Mailbox
from edgevision.camera.loop.predictor import FramePredictor, Inference
from edgevision.camera.loop.reporter import Reporter
from edgevision.camera.loop.stats import LoopStats
from edgevision.camera.sources.frame import Frame
from edgevision.errors import DeviceError, EdgeVisionError

logger = logging.getLogger(__name__)

_TAKE_S = 0.5
"""How long a wait for a frame lasts before the thread checks whether it is still wanted."""

BAD_FRAMES_IN_A_ROW = 30
"""A second of a normal camera: one torn JPEG is noise, thirty are a broken stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What the inference thread works with; a replacement thread gets the same."""

    mailbox: Mailbox[Frame]
    reporter: Reporter
    stats: LoopStats
    on_bad_source: Callable[[EdgeVisionError], None]
    """Called when the frames of the source are no pictures, again and again."""


class Worker:
    """One life of the inference thread. One stuck in native code is abandoned, like a grabber."""

    def __init__(
        self,
        open_predictor: Callable[[], FramePredictor],
        context: WorkerContext,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._open_predictor = open_predictor
        self._context = context
        self._clock_ns = clock_ns
        self._stop = threading.Event()
        self._entered_ns: int | None = None
        self._bad_in_a_row = 0
        self.error: EdgeVisionError | None = None
        self.has_finished = False
        """Whether the mailbox is drained, or the limit reached: all work is done."""
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def abandon(self) -> None:
        """Hand out nothing more, and end as soon as the runtime lets go."""
        self._stop.set()

    def join(self, timeout: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(timeout)

    @property
    def is_alive(self) -> bool:
        """Whether its thread still runs."""
        return self._thread.is_alive()

    def busy_s(self) -> float:
        """For how long it has been at one frame, handing it on included; 0 while it waits."""
        entered_ns = self._entered_ns
        return 0.0 if entered_ns is None else (self._clock_ns() - entered_ns) / 1e9

    def _run(self) -> None:
        try:
            with contextlib.closing(self._open_predictor()) as predictor:
                self._work(predictor)
        except EdgeVisionError as error:
            self.error = error
        except Exception as error:  # the main thread must learn of it, whatever it is
            logger.debug("inference failed in an unforeseen way", exc_info=True)
            self.error = EdgeVisionError(f"{type(error).__name__}: {error}")
        finally:
            self._entered_ns = None

    def _work(self, predictor: FramePredictor) -> None:
        mailbox, reporter = self._context.mailbox, self._context.reporter
        while not self._stop.is_set():
            frame = mailbox.take(_TAKE_S)
            if frame is None:
                if mailbox.is_drained:
                    self.has_finished = True
                    return
                continue
            self._entered_ns = self._clock_ns()
            inference = self._predict(predictor, frame)
            if (
                inference is not None
                and not self._stop.is_set()
                and not reporter.report(frame, inference, mailbox.dropped)
            ):
                self.has_finished = True
                return
            self._entered_ns = None
            # Freeing megabytes takes time: let the reporter be the last to hold them.
            del frame, inference

    def _predict(self, predictor: FramePredictor, frame: Frame) -> Inference | None:
        try:
            inference = predictor.predict(frame)
        except DeviceError as error:
            self._context.stats.add_bad_frame()
            self._bad_in_a_row += 1
            if self._bad_in_a_row >= BAD_FRAMES_IN_A_ROW:
                self._bad_in_a_row = 0
                self._context.on_bad_source(
                    DeviceError(f"{BAD_FRAMES_IN_A_ROW} bad frames in a row; the last: {error}")
                )
            return None
        self._bad_in_a_row = 0
        return inference
