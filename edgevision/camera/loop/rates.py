"""How fast a counter rises: over the last seconds, not since the start."""

from collections import deque

_WINDOW_S = 5.0


class Rates:
    """Samples of several counters; their rates per second over the last five seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, tuple[int, ...]]] = deque()

    def sample(self, now: float, *counters: int) -> None:
        """Note where the counters stand."""
        self._samples.append((now, counters))
        # One sample older than the window stays, so that the window is always covered.
        while len(self._samples) > 2 and now - self._samples[1][0] >= _WINDOW_S:
            self._samples.popleft()

    def per_second(self, counter: int) -> float:
        """Rate of the counter at this position; 0 before there are two samples."""
        if len(self._samples) < 2:
            return 0.0
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return (last[counter] - first[counter]) / (ended - began) if ended > began else 0.0
