"""The camera loop: who runs when, who replaces whom, and how it all ends.

Threads: the grabber reads the source and does nothing else; inference takes the newest frame; each
sink writes at its own pace; the caller's thread, here, watches over them.
"""

import itertools
import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from edgevision.camera.board import BoardHealth, read_board
from edgevision.camera.frame import Frame
from edgevision.camera.grabber import Grabber
from edgevision.camera.mailbox import LatestSlot, Line, Mailbox
from edgevision.camera.rates import Rates
from edgevision.camera.recognizer import Ahead, Looker
from edgevision.camera.sink import QueuedSink, Sink
from edgevision.camera.source import FrameSource
from edgevision.camera.status import Status
from edgevision.camera.steady import Smoothing, Steady
from edgevision.camera.systemd import Notifier
from edgevision.camera.tally import Tally
from edgevision.camera.watchdog import Patience, Watchdog
from edgevision.camera.worker import Desk, Worker
from edgevision.errors import DeviceError, EdgeVisionError

logger = logging.getLogger(__name__)

_TICK_S = 0.05
_SAMPLE_S = 0.5
_BOARD_S = 10.0
_FLUSH_S = 5.0
"""Sinks get this long at the end; systemd's TimeoutStopSec in our unit is longer."""

_AHEAD = 2
"""Frames of a file prepared ahead of inference; each may be megabytes."""

_SWITCH_S = 0.001
"""Python hands its lock over after this long. The default, 5 ms, is a sixth of a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPlan:
    """What to run, and when to stop."""

    source: str
    """For people."""
    model: str
    threads: int
    every_frame: bool
    """Every frame in order (a file), or the newest only (a camera)."""
    threshold: float = 0.1
    """Answers below this are not reported."""
    on: float = 0.5
    off: float = 0.4
    smoothing: Smoothing = field(default_factory=Smoothing)
    frames: int | None = None
    """Stop after so many results."""
    seconds: float | None = None
    """Stop after so long."""
    patience: Patience = field(default_factory=Patience)
    infer_stall_s: float = 30.0
    """One frame may take inference this long."""


class CameraLoop:
    """One run. Build it, give it sinks, then `run`; `status` may be asked from any thread."""

    def __init__(
        self,
        plan: LoopPlan,
        open_source: Callable[[], FrameSource],
        open_recognizer: Callable[[], Looker],
        *,
        notifier: Notifier | None = None,
        board: Callable[[], BoardHealth] = read_board,
    ) -> None:
        self._plan = plan
        self._open_source = open_source
        self._open_recognizer = open_recognizer
        self._notifier = notifier or Notifier({})
        self._read_board = board
        self._board = BoardHealth(temperature_c=None, throttled_bits=None)
        self._began = time.monotonic()
        self._numbers = itertools.count()
        self._frames = 0
        self._rates = Rates()
        self._tally = Tally()
        self._mailbox: Mailbox[Frame] = Line(_AHEAD) if plan.every_frame else LatestSlot()
        self._steady = Steady(plan.smoothing, on=plan.on, off=plan.off)
        self._sinks: list[Sink] = []
        self._input: Ahead | None = None
        self._model_is_there = threading.Event()
        self._runtime, self._xnnpack = "", False
        self._watchdog: Watchdog | None = None
        self._worker: Worker | None = None
        self._stuck_workers: list[Worker] = []
        self.has_ended_clean = True
        """After `run`: whether all threads have ended. If not, one is stuck in native code, and
        the process should be left with `os._exit`."""

    def add_sink(self, sink: Sink) -> None:
        """Send results there too; before `run`. Closed at its end."""
        self._sinks.append(sink)

    def run(self, stop: threading.Event) -> None:
        """Run until the source ends, a limit is reached, or `stop` is set.

        Raises:
            EdgeVisionError: the source or the model cannot be used, or only a new process helps.
        """
        interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        self._began = time.monotonic()
        over = threading.Event()
        threading.Thread(target=self._watch_board, args=(over,), name="board", daemon=True).start()
        # The camera opens while the model loads.
        self._watchdog = Watchdog(self._make_grabber, self._plan.patience)
        try:
            self._worker = self._start_worker(self._first_recognizer())
            self._watch(self._watchdog, stop)
        finally:
            self._notifier.stopping()
            over.set()
            self.has_ended_clean = self._wind_up(self._watchdog)
            sys.setswitchinterval(interval)

    def status(self) -> Status:
        """How the run is going."""
        watchdog = self._watchdog
        return Status(
            source=self._plan.source,
            model=self._plan.model,
            runtime=self._runtime,
            xnnpack=self._xnnpack,
            threads=self._plan.threads,
            uptime_s=time.monotonic() - self._began,
            is_up=watchdog is not None and watchdog.is_up,
            last_error=watchdog.last_error if watchdog else "",
            frames=self._frames,
            camera_fps=self._rates.per_second(0),
            skipped_fps=self._rates.per_second(1),
            dropped=self._mailbox.dropped,
            reconnects=watchdog.reconnects if watchdog else 0,
            stalls=watchdog.stalls if watchdog else 0,
            stuck_threads=(watchdog.stuck if watchdog else 0) + len(self._stuck_workers),
            sinks_dropped={sink.name: sink.dropped for sink in self._sinks},
            viewers=sum(getattr(sink, "viewers", 0) for sink in self._sinks),
            figures=self._tally.figures(),
            board=self._board,
        )

    def _make_grabber(self) -> Grabber:
        deliver = self._deliver_prepared if self._plan.every_frame else self._deliver
        return Grabber(self._open_source, deliver, self._numbers)

    def _deliver(self, frame: Frame) -> None:
        self._frames += 1
        self._mailbox.put(frame)

    def _deliver_prepared(self, frame: Frame) -> None:
        # Nothing is late in a file, so the picture is resized here, while inference is busy.
        self._model_is_there.wait()
        if self._input is not None:
            try:
                self._input.prepare(frame)
            except DeviceError:
                # Inference finds out again, and counts it.
                frame.prepared = None
        self._deliver(frame)

    def _first_recognizer(self) -> Callable[[], Looker]:
        recognizer = self._open_recognizer()
        self._input = recognizer.input
        self._runtime, self._xnnpack = recognizer.runtime, recognizer.xnnpack
        self._model_is_there.set()
        return lambda: recognizer

    def _start_worker(self, open_recognizer: Callable[[], Looker]) -> Worker:
        desk = Desk(
            mailbox=self._mailbox,
            sinks=self._sinks,
            tally=self._tally,
            steady=self._steady,
            threshold=self._plan.threshold,
            on_bad_source=self._fail_source,
            limit=self._plan.frames,
        )
        worker = Worker(open_recognizer, desk)
        worker.start()
        return worker

    def _fail_source(self, error: EdgeVisionError) -> None:
        if self._watchdog is not None:
            self._watchdog.grabber.fail(error)

    def _watch(self, watchdog: Watchdog, stop: threading.Event) -> None:
        plan, notifier = self._plan, self._notifier
        has_source, is_ready = True, False
        sample_at = keepalive_at = self._began
        while not stop.wait(_TICK_S):
            now = time.monotonic()
            if has_source and not watchdog.tick():
                has_source = False
                self._mailbox.close()
            if self._look_after_worker():
                return
            if plan.seconds is not None and now - self._began >= plan.seconds:
                return
            for sink in self._sinks:
                if isinstance(sink, QueuedSink) and sink.broken is not None:
                    raise sink.broken
            if now >= sample_at:
                self._rates.sample(now, self._frames, self._mailbox.dropped)
                sample_at = now + _SAMPLE_S
            if not is_ready and watchdog.is_up:
                notifier.ready(f"watching {plan.source}")
                is_ready = True
            if notifier.keepalive_s is not None and now >= keepalive_at:
                notifier.alive(self._sentence(watchdog))
                keepalive_at = now + notifier.keepalive_s

    def _look_after_worker(self) -> bool:
        """Whether the inference thread has done all there was to do; replaces one that is stuck."""
        worker = self._worker
        if worker is None:
            return False
        if worker.error is not None:
            raise worker.error
        self._stuck_workers = [stuck for stuck in self._stuck_workers if stuck.is_alive]
        if worker.busy_s() > self._plan.infer_stall_s:
            worker.abandon()
            self._stuck_workers.append(worker)
            logger.warning("inference hung for %g s; replaced", self._plan.infer_stall_s)
            if len(self._stuck_workers) >= self._plan.patience.stuck_threads:
                message = f"{len(self._stuck_workers)} threads are stuck in inference"
                raise DeviceError(message, hint="start again; systemd does: Restart=always")
            self._worker = self._start_worker(self._open_recognizer)
        return worker.has_finished

    def _wind_up(self, watchdog: Watchdog) -> bool:
        self._mailbox.close()
        self._model_is_there.set()
        is_clean = watchdog.stop()
        if self._worker is not None:
            self._worker.abandon()
            self._worker.join(2.0)
            is_clean = is_clean and not self._worker.is_alive
        deadline = time.monotonic() + _FLUSH_S
        for sink in self._sinks:
            sink.close(max(0.1, deadline - time.monotonic()))
        return is_clean and not any(stuck.is_alive for stuck in self._stuck_workers)

    def _sentence(self, watchdog: Watchdog) -> str:
        if not watchdog.is_up:
            return f"waiting for {self._plan.source}: {watchdog.last_error or 'opening'}"
        figures = self._tally.figures()
        return f"{figures.fps:.1f} results/s, age {figures.age_p95_ms:.0f} ms"

    def _watch_board(self, over: threading.Event) -> None:
        told: tuple[str, ...] = ()
        while True:
            self._board = self._read_board()
            if (troubles := self._board.now) != told:
                told = troubles
                if troubles:
                    logger.warning("the board slows itself down: %s", ", ".join(troubles))
            if over.wait(_BOARD_S):
                return
