"""The whole loop at one moment, for the terminal, /healthz, /metrics, systemd and the summary."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edgevision.camera.board import BoardHealth
from edgevision.camera.loop.stats import LoopFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopStatus:
    """What is running, whether it does, and how well."""

    source: str
    model: str
    runtime: str
    xnnpack: bool
    threads: int
    uptime_s: float
    is_up: bool
    """Whether the source is open and giving frames."""
    last_error: str
    frames: int
    """Grabbed since the start."""
    camera_fps: float
    skipped_fps: float
    dropped: int
    reconnects: int
    stalls: int
    stuck_threads: int
    sinks_dropped: Mapping[str, int]
    viewers: int
    figures: LoopFigures
    board: BoardHealth

    def is_healthy(self, within_s: float) -> bool:
        """Whether there was a result lately."""
        age = self.figures.last_result_age_s
        return age is not None and age <= within_s


def status_to_dict(status: LoopStatus) -> dict[str, Any]:
    """As plain JSON values."""
    values = asdict(status)
    figures = values.pop("figures")
    for name in ("age_buckets", "age_sum_s"):
        figures.pop(name)
    return {**values, **figures}
