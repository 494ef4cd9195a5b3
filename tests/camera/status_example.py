"""A loop's status for tests of what shows it."""

from typing import Any

from edgevision.camera.board import BoardHealth
from edgevision.camera.loop.stats import LoopStats
from edgevision.camera.loop.status import LoopStatus
from tests.camera.conftest import make_result


def make_status(stats: LoopStats | None = None, **changes: Any) -> LoopStatus:
    counted = stats or LoopStats()
    if stats is None:
        counted.add(make_result())
    values: dict[str, Any] = {
        "source": 'rtsp://***@cam/"1"',
        "model": "m.tflite",
        "runtime": "fake 1.0",
        "xnnpack": True,
        "threads": 1,
        "uptime_s": 3.5,
        "is_up": True,
        "last_error": "",
        "frames": 90,
        "camera_fps": 30.0,
        "skipped_fps": 1.5,
        "dropped": 5,
        "reconnects": 1,
        "stalls": 1,
        "stuck_threads": 0,
        "sinks_dropped": {"jsonl": 2},
        "viewers": 0,
        "figures": counted.figures(),
        "board": BoardHealth(temperature_c=51.5, throttled_bits=0x50001),
    }
    return LoopStatus(**{**values, **changes})
