"""The loop's own figures: counts since the start, and how the last frames went."""

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edgevision.camera.loop.result import FrameResult

BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds of the age histogram; fine where a camera loop should be."""

_WINDOW = 512
"""Results that the percentiles look back on: about 17 s at 30 a second."""

_RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFigures:
    """All figures as of one moment. Percentiles are over the last frames."""

    results: int
    bad_frames: int
    fps: float
    """Results a second over the last five seconds."""
    age_p50_ms: float
    age_p95_ms: float
    wait_p50_ms: float
    pre_p50_ms: float
    infer_p50_ms: float
    infer_p95_ms: float
    post_p50_ms: float
    age_sum_s: float
    age_buckets: tuple[int, ...]
    """Results at or below each of `BUCKETS_S`, cumulative."""
    first_result_s: float | None
    """From the start of the loop to the first result."""
    last_result_age_s: float | None
    """Since the last result; None before the first."""


class LoopStats:
    """Counts results; written by the inference thread, read by any."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock()
        self._recent: deque[tuple[float, float, float, float, float]] = deque(maxlen=_WINDOW)
        self._moments: deque[float] = deque(maxlen=_WINDOW * 4)
        self._buckets = [0] * (len(BUCKETS_S) + 1)
        self._results = 0
        self._bad = 0
        self._age_sum_s = 0.0
        self._first_s: float | None = None
        self._last: float | None = None

    def add(self, result: FrameResult) -> None:
        """Count one result."""
        now = self._clock()
        age_s = result.age_ms / 1000
        with self._lock:
            self._results += 1
            self._recent.append(
                (result.age_ms, result.wait_ms, result.pre_ms, result.infer_ms, result.post_ms)
            )
            self._moments.append(now)
            self._buckets[bisect_left(BUCKETS_S, age_s)] += 1
            self._age_sum_s += age_s
            self._last = now
            if self._first_s is None:
                self._first_s = now - self._began

    def add_bad_frame(self) -> None:
        """Count one frame that was no picture."""
        with self._lock:
            self._bad += 1

    def figures(self) -> LoopFigures:
        """Everything as of now."""
        now = self._clock()
        with self._lock:
            recent = list(self._recent)
            while self._moments and now - self._moments[0] > _RATE_WINDOW_S:
                self._moments.popleft()
            span_s = min(_RATE_WINDOW_S, max(now - self._began, 1e-3))
            if len(self._moments) == self._moments.maxlen:
                # Faster than the memory is long: measure over what is remembered.
                span_s = max(now - self._moments[0], 1e-3)
            rate = len(self._moments) / span_s
            cumulative, running = [], 0
            for count in self._buckets[:-1]:
                running += count
                cumulative.append(running)
            results, bad, total, last = self._results, self._bad, self._age_sum_s, self._last
            first = self._first_s
        age, wait, pre, infer, post = [sorted(row[column] for row in recent) for column in range(5)]
        return LoopFigures(
            results=results,
            bad_frames=bad,
            fps=rate,
            age_p50_ms=_percentile(age, 0.5),
            age_p95_ms=_percentile(age, 0.95),
            wait_p50_ms=_percentile(wait, 0.5),
            pre_p50_ms=_percentile(pre, 0.5),
            infer_p50_ms=_percentile(infer, 0.5),
            infer_p95_ms=_percentile(infer, 0.95),
            post_p50_ms=_percentile(post, 0.5),
            age_sum_s=total,
            age_buckets=tuple(cumulative),
            first_result_s=first,
            last_result_age_s=None if last is None else now - last,
        )


class Rates:
    """Samples of several counters; their rates per second over the last five seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, tuple[int, ...]]] = deque()

    def sample(self, now: float, *counters: int) -> None:
        """Note where the counters stand."""
        self._samples.append((now, counters))
        # One sample older than the window stays, so that the window is always covered.
        while len(self._samples) > 2 and now - self._samples[1][0] >= _RATE_WINDOW_S:
            self._samples.popleft()

    def per_second(self, counter: int) -> float:
        """Rate of the counter at this position; 0 before there are two samples."""
        if len(self._samples) < 2:
            return 0.0
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return (last[counter] - first[counter]) / (ended - began) if ended > began else 0.0


def _percentile(ordered: list[float], share: float) -> float:
    """Nearest rank of a sorted list; 0 when it is empty."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
