"""What the loop says about one frame: the answer, how old it is, and where the time went."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edgevision.tasks.answer import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameResult:
    """Everything known about one frame that the model was run on."""

    sequence: int
    captured_ns: int
    """time.monotonic_ns when the frame was exposed, or arrived."""
    finished_ns: int
    """time.monotonic_ns when the answer was there."""
    wait_ms: float
    """From capture until inference took the frame."""
    pre_ms: float
    infer_ms: float
    post_ms: float
    dropped: int
    """Frames of this run that inference never took, until now."""
    answer: Answer
    """What the model said, and the size of the frame."""
    steady: tuple[str, ...] = ()
    """Labels that hold after smoothing and hysteresis, alphabetically."""

    @property
    def age_ms(self) -> float:
        """How old the picture was when the answer was there."""
        return (self.finished_ns - self.captured_ns) / 1e6


def result_to_dict(
    result: FrameResult,
    *,
    now_ns: Callable[[], int] = time.time_ns,
    monotonic_ns: Callable[[], int] = time.monotonic_ns,
) -> dict[str, Any]:
    """The result as plain JSON values; `time` is the capture in UTC by the wall clock as of now.

    A board without a battery-backed clock starts at some wrong date and jumps when the network is
    there: so the wall clock is asked at each result, and never kept.
    """
    captured = now_ns() - (monotonic_ns() - result.captured_ns)
    moment = datetime.fromtimestamp(captured / 1e9, tz=UTC)
    return {
        "frame": result.sequence,
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "sensor_ns": result.captured_ns,
        "age_ms": round(result.age_ms, 2),
        "wait_ms": round(result.wait_ms, 2),
        "pre_ms": round(result.pre_ms, 2),
        "infer_ms": round(result.infer_ms, 2),
        "post_ms": round(result.post_ms, 2),
        "dropped": result.dropped,
        "width": result.answer.frame.width,
        "height": result.answer.frame.height,
        **result.answer.to_dict(),
        "steady": list(result.steady),
    }
