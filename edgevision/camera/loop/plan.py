"""What one run of the loop is to do."""

from dataclasses import dataclass, field

from edgevision.camera.loop.hysteresis import Smoothing
from edgevision.camera.loop.watchdog import Patience


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
