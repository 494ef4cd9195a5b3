"""The live line on a terminal: what is seen, how old, how fast."""

import shutil
from collections.abc import Callable
from typing import IO

from edgevision.camera.loop.result import FrameResult
from edgevision.camera.loop.status import LoopStatus
from edgevision.camera.outputs.sink import NewestSink
from edgevision.camera.sources.frame import Frame

_PERIOD_S = 0.2
"""Five times a second: readable, and nothing for the processor."""


def terminal_sink(stream: IO[str], status: Callable[[], LoopStatus]) -> NewestSink:
    """Rewrites one line of `stream`, a terminal."""

    def show(result: FrameResult, _frame: Frame) -> None:
        width = shutil.get_terminal_size().columns
        line = status_line(result, status())[: max(1, width - 1)]
        stream.write(f"\r{line}\x1b[K")
        stream.flush()

    def finish() -> None:
        stream.write("\n")
        stream.flush()

    return NewestSink("terminal", show, period_s=_PERIOD_S, finish=finish)


def status_line(result: FrameResult, status: LoopStatus) -> str:
    """The line, without control characters whatever a label holds."""
    seen = ", ".join(result.answer.lines[:3])
    figures = status.figures
    parts = [
        seen or "nothing",
        f"{figures.fps:.1f}/s",
        f"age {figures.age_p50_ms:.0f} ms (p95 {figures.age_p95_ms:.0f})",
        f"infer {figures.infer_p50_ms:.1f} ms",
        f"{status.dropped} dropped",
    ]
    if status.reconnects:
        parts.append(f"{status.reconnects} reconnects")
    if status.board.temperature_c is not None:
        parts.append(f"{status.board.temperature_c:.0f} C")
    parts.extend(status.board.now)
    return "".join(letter for letter in " | ".join(parts) if letter.isprintable())
