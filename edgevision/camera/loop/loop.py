"""The camera loop: who runs when, who replaces whom, and how it all ends.

Threads: the grabber reads the source; inference runs the model on the newest frame; the reporter
makes results of its outputs; each sink writes at its own pace; the caller's thread, here, watches
over them.
"""

import itertools
import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from edgevision.camera.board import BoardHealth, read_board
from edgevision.camera.loop.grabber import Grabber
from edgevision.camera.loop.hysteresis import Hysteresis, Smoothing
from edgevision.camera.loop.inference_watchdog import InferenceWatchdog
from edgevision.camera.loop.mailbox import BoundedQueue, LatestSlot, Mailbox
from edgevision.camera.loop.predictor import FramePredictor
from edgevision.camera.loop.reporter import Reporter
from edgevision.camera.loop.stats import LoopStats, Rates
from edgevision.camera.loop.status import LoopStatus
from edgevision.camera.loop.watchdog import Watchdog, WatchdogPolicy
from edgevision.camera.loop.worker import WorkerContext
from edgevision.camera.outputs.sink import QueuedSink, Sink
from edgevision.camera.outputs.systemd import Notifier
from edgevision.camera.sources.frame import Frame
from edgevision.camera.sources.source import FrameSource
from edgevision.errors import EdgeVisionError

logger = logging.getLogger(__name__)

_TICK_S = 0.05
_SAMPLE_S = 0.5
_BOARD_S = 10.0
_FLUSH_S = 5.0
"""Sinks get this long at the end; systemd's TimeoutStopSec in our unit is longer."""

_AHEAD = 4
"""Frames of a file prepared ahead of inference: what a busy processor may cost the grabber is made
up for. Each may be megabytes."""

_SWITCH_S = 0.001
"""Python hands its lock over after this long. The default, 5 ms, is a sixth of a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPlan:
    """What to run, and when to stop."""

    source: str
    """For people."""
    model: str
    notes: tuple[str, ...] = ()
    """For people: sentences about what was asked and is done otherwise."""
    threads: int
    every_frame: bool
    """Every frame in order (a file), or the newest only (a camera)."""
    on: float = 0.5
    off: float = 0.4
    smoothing: Smoothing = field(default_factory=Smoothing)
    frames: int | None = None
    """Stop after so many results."""
    seconds: float | None = None
    """Stop after so long."""
    policy: WatchdogPolicy = field(default_factory=WatchdogPolicy)
    infer_stall_s: float = 30.0
    """One frame may take inference this long."""


class CameraLoop:
    """One run. Build it, give it sinks, then `run`; `status` may be asked from any thread."""

    def __init__(
        self,
        plan: LoopPlan,
        open_source: Callable[[], FrameSource],
        open_predictor: Callable[[], FramePredictor],
        *,
        notifier: Notifier | None = None,
        board: Callable[[], BoardHealth] = read_board,
    ) -> None:
        self.plan = plan
        self._open_source = open_source
        self._notifier = notifier or Notifier({})
        self._read_board = board
        self._board = BoardHealth(temperature_c=None, throttled_bits=None)
        self._began = time.monotonic()
        self._numbers = itertools.count()
        self._frames = 0
        self._rates = Rates()
        self._stats = LoopStats()
        self._mailbox: Mailbox[Frame] = BoundedQueue(_AHEAD) if plan.every_frame else LatestSlot()
        self._sinks: list[Sink] = []
        self._reporter = Reporter(
            self._sinks,
            stats=self._stats,
            hysteresis=Hysteresis(plan.smoothing, on=plan.on, off=plan.off),
            limit=plan.frames,
        )
        context = WorkerContext(
            mailbox=self._mailbox,
            reporter=self._reporter,
            stats=self._stats,
            on_bad_source=self._fail_source,
        )
        self._inference = InferenceWatchdog(
            open_predictor,
            context,
            stall_s=plan.infer_stall_s,
            stuck_threads=plan.policy.stuck_threads,
        )
        self._watchdog: Watchdog | None = None
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
        self._watchdog = Watchdog(self._make_grabber, self.plan.policy)
        try:
            self._reporter.start()
            self._inference.start()
            self._watch(self._watchdog, stop)
        finally:
            self._notifier.stopping()
            over.set()
            self.has_ended_clean = self._wind_up(self._watchdog)
            sys.setswitchinterval(interval)
        if self._reporter.error is not None:
            raise self._reporter.error

    def status(self) -> LoopStatus:
        """How the run is going."""
        watchdog = self._watchdog
        return LoopStatus(
            source=self.plan.source,
            model=self.plan.model,
            runtime=self._inference.runtime,
            xnnpack=self._inference.xnnpack,
            threads=self.plan.threads,
            uptime_s=time.monotonic() - self._began,
            is_up=watchdog is not None and watchdog.is_up,
            last_error=watchdog.last_error if watchdog else "",
            frames=self._frames,
            camera_fps=self._rates.per_second(0),
            skipped_fps=self._rates.per_second(1),
            dropped=self._mailbox.dropped,
            reconnects=watchdog.reconnects if watchdog else 0,
            stalls=watchdog.stalls if watchdog else 0,
            stuck_threads=(watchdog.stuck if watchdog else 0) + self._inference.stuck,
            sinks_dropped={sink.name: sink.dropped for sink in self._sinks},
            viewers=sum(getattr(sink, "viewers", 0) for sink in self._sinks),
            figures=self._stats.figures(),
            board=self._board,
        )

    def _make_grabber(self) -> Grabber:
        deliver = self._deliver_prepared if self.plan.every_frame else self._deliver
        return Grabber(self._open_source, deliver, self._numbers)

    def _deliver(self, frame: Frame) -> None:
        self._frames += 1
        self._mailbox.put(frame)

    def _deliver_prepared(self, frame: Frame) -> None:
        # Nothing is late in a file, so the picture is resized here, while inference is busy.
        self._inference.prepare(frame)
        self._deliver(frame)

    def _fail_source(self, error: EdgeVisionError) -> None:
        if self._watchdog is not None:
            self._watchdog.grabber.fail(error)

    def _watch(self, watchdog: Watchdog, stop: threading.Event) -> None:
        plan, notifier = self.plan, self._notifier
        has_source, is_ready = True, False
        sample_at = keepalive_at = self._began
        while not stop.wait(_TICK_S):
            now = time.monotonic()
            if has_source and not watchdog.tick():
                has_source = False
                self._mailbox.close()
            if not self._inference.tick() or self._reporter.error is not None:
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

    def _wind_up(self, watchdog: Watchdog) -> bool:
        self._mailbox.close()
        # Inference first: a grabber may be waiting for its model.
        is_clean = self._inference.stop()
        is_clean = watchdog.stop() and is_clean
        is_clean = self._reporter.close(_FLUSH_S) and is_clean
        deadline = time.monotonic() + _FLUSH_S
        for sink in self._sinks:
            sink.close(max(0.1, deadline - time.monotonic()))
        return is_clean

    def _sentence(self, watchdog: Watchdog) -> str:
        if not watchdog.is_up:
            return f"waiting for {self.plan.source}: {watchdog.last_error or 'opening'}"
        figures = self._stats.figures()
        return f"{figures.fps:.1f} results/s, age {figures.age_p95_ms:.0f} ms"

    def _watch_board(self, over: threading.Event) -> None:
        reported: tuple[str, ...] = ()
        while True:
            self._board = self._read_board()
            if (troubles := self._board.now) != reported:
                reported = troubles
                if troubles:
                    logger.warning("the board slows itself down: %s", ", ".join(troubles))
            if over.wait(_BOARD_S):
                return
