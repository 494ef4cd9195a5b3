"""One run of `optimize` under way: its request, its folder, and the seconds of each stage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.pipeline.latency_meter import LatencyMeter
from edgevision.pipeline.request import OptimizeRequest
from edgevision.progress import Progress


@dataclass(slots=True, kw_only=True)
class OptimizeRun:
    """One run under way."""

    plan: OptimizeRequest
    folder: Path
    progress: Progress
    clock: Callable[[], float]
    latency_meter: LatencyMeter
    """For the table; what is timed to choose by, on a device that was named, is what it tells."""
    warnings: list[str] = field(default_factory=list)
    seconds: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note how long the block takes."""
        begun = self.clock()
        yield
        self.seconds.append((name, self.clock() - begun))
