"""The status in Prometheus' text format, under names in the style of Frigate's.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterator

from edgevision.camera.loop.stats import BUCKETS_S
from edgevision.camera.loop.status import LoopStatus


def metrics_text(status: LoopStatus) -> str:
    """The page at /metrics."""
    return "".join(line + "\n" for line in _lines(status))


def _lines(status: LoopStatus) -> Iterator[str]:
    figures = status.figures
    yield from _one(
        "info", "gauge", "What is running.", 1,
        source=status.source, model=status.model, runtime=status.runtime,
    )  # fmt: skip
    for name, kind, meaning, value in (
        ("up", "gauge", "1 while the source gives frames.", int(status.is_up)),
        ("uptime_seconds", "gauge", "Since the loop began.", status.uptime_s),
        ("camera_fps", "gauge", "Frames a second from the source.", status.camera_fps),
        ("process_fps", "gauge", "Results a second.", figures.fps),
        ("detection_fps", "gauge", "Inferences a second; equal to process_fps.", figures.fps),
        ("skipped_fps", "gauge", "Frames a second that inference never took.", status.skipped_fps),
        (
            "detector_inference_speed_seconds",
            "gauge",
            "Median time of one inference.",
            figures.infer_p50_ms / 1000,
        ),
        ("xnnpack", "gauge", "1 when the fast CPU kernels took the model.", int(status.xnnpack)),
        ("frames_total", "counter", "Frames from the source.", status.frames),
        ("results_total", "counter", "Results.", figures.results),
        ("dropped_frames_total", "counter", "Frames that inference never took.", status.dropped),
        ("bad_frames_total", "counter", "Frames that were no pictures.", figures.bad_frames),
        ("reconnects_total", "counter", "Attempts to reopen the source.", status.reconnects),
        ("stalls_total", "counter", "Times the source hung.", status.stalls),
        ("stuck_threads", "gauge", "Threads stuck in native code.", status.stuck_threads),
        ("viewers", "gauge", "Open connections of viewers.", status.viewers),
    ):
        yield from _one(name, kind, meaning, value)
    yield from _header("sink_dropped_total", "counter", "Results a sink had no room for.")
    for sink, count in status.sinks_dropped.items():
        yield f'edgevision_sink_dropped_total{{sink="{_escape(sink)}"}} {count}'
    if status.board.temperature_c is not None:
        yield from _one(
            "device_temperature", "gauge", "Degrees Celsius.", status.board.temperature_c
        )
    if status.board.throttled_bits is not None:
        yield from _one(
            "device_throttled", "gauge", "Bits of get_throttled.", status.board.throttled_bits
        )
    yield from _header("frame_age_seconds", "histogram", "Age of the frame when its result came.")
    for bound, count in zip(BUCKETS_S, figures.age_buckets, strict=True):
        yield f'edgevision_frame_age_seconds_bucket{{le="{bound}"}} {count}'
    yield f'edgevision_frame_age_seconds_bucket{{le="+Inf"}} {figures.results}'
    yield f"edgevision_frame_age_seconds_sum {figures.age_sum_s:.6f}"
    yield f"edgevision_frame_age_seconds_count {figures.results}"


def _one(name: str, kind: str, meaning: str, value: float, **labels: str) -> Iterator[str]:
    yield from _header(name, kind, meaning)
    pairs = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
    number = value if isinstance(value, int) else round(value, 6)
    yield f"edgevision_{name}{{{pairs}}} {number}" if pairs else f"edgevision_{name} {number}"


def _header(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP edgevision_{name} {meaning}"
    yield f"# TYPE edgevision_{name} {kind}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
