"""The recorder: frames worth labelling become files, by label, by doubt, or now and then."""

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.camera.loop.result import FrameResult, result_to_dict
from edgevision.camera.outputs.overlay import encode
from edgevision.camera.outputs.sink import QueuedSink
from edgevision.camera.sources.frame import Frame
from edgevision.errors import EdgeVisionError, UsageError

_CAPACITY = 8
"""Frames that may wait for a slow card; each is megabytes."""

_OWN_NAME = re.compile(r"frame-\d{8}T\d{9}Z-\d{9}\.(jpg|json)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRule:
    """When a frame is recorded."""

    label: str = ""
    """Recorded when this label is answered; empty for any."""
    at_least: float = 0.0
    """... with at least this score."""
    best_below: float = 0.0
    """Recorded when the best answer scores less than this; 0 for never."""
    every_s: float = 0.0
    """Recorded when so many seconds have passed since this rule recorded one; 0 for never."""

    @property
    def needs_labels(self) -> bool:
        """Whether it asks what the labels and scores are."""
        return not self.every_s


def parse_save_rule(text: str) -> SaveRule:
    """The rule that "person", "person>=0.6", "any>=0.9", "unsure<0.4" or "every:60" names.

    Raises:
        UsageError: it is none of these.
    """
    if match := re.fullmatch(r"every:(\d{1,7}(?:\.\d+)?)s?", text):
        if float(match[1]) <= 0:
            raise UsageError(f"{text!r}: the time must be above 0 seconds")
        return SaveRule(every_s=float(match[1]))
    if match := re.fullmatch(r"unsure<(0?\.\d+|0|1(?:\.0+)?)", text):
        return SaveRule(best_below=float(match[1]))
    if match := re.fullmatch(r"([^<>=]+?)(?:>=(0?\.\d+|0|1(?:\.0+)?))?", text):
        label = "" if match[1] == "any" else match[1]
        return SaveRule(label=label, at_least=float(match[2] or 0))
    raise UsageError(
        f"unknown rule {text!r}", hint="LABEL, LABEL>=0.6, any>=0.9, unsure<0.4, or every:60"
    )


@dataclass(slots=True, kw_only=True)
class _Chooser:
    """Decides on the inference thread; what it lets through goes to the disk's thread."""

    rules: Sequence[SaveRule]
    min_gap_s: float
    clock: Callable[[], float] = time.monotonic
    _last: float | None = None
    _recorded_at: dict[SaveRule, float] = field(default_factory=dict)

    def __call__(self, result: FrameResult, frame: Frame) -> tuple[FrameResult, Frame] | None:
        now = self.clock()
        if self._last is not None and now - self._last < self.min_gap_s:
            return None
        matching = [rule for rule in self.rules if self._matches(rule, result, now)]
        if not matching:
            return None
        self._last = now
        for rule in matching:
            self._recorded_at[rule] = now
        return result, frame

    def _matches(self, rule: SaveRule, result: FrameResult, now: float) -> bool:
        items = result.answer.items
        if rule.every_s:
            return now - self._recorded_at.get(rule, float("-inf")) >= rule.every_s
        if rule.best_below:
            return not items or items[0].score < rule.best_below
        return any(rule.label in {"", item.label} and item.score >= rule.at_least for item in items)


def recorder_sink(
    folder: Path, rules: Sequence[SaveRule], *, limit: int = 1000, min_gap_s: float = 1.0
) -> QueuedSink[tuple[FrameResult, Frame]]:
    """Frames that match a rule, as JPEG with the result beside it; the oldest beyond `limit` go.

    Raises:
        EdgeVisionError: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder {folder}: {error.strerror}"
        raise EdgeVisionError(message, hint="choose another --save-to") from error

    def write(item: tuple[FrameResult, Frame]) -> None:
        _write(folder, *item)
        _forget_oldest(folder, limit)

    chooser = _Chooser(rules=tuple(rules), min_gap_s=min_gap_s)
    return QueuedSink("save", write, choose=chooser, capacity=_CAPACITY)


def _write(folder: Path, result: FrameResult, frame: Frame) -> None:
    picture = frame.unpack()
    values = result_to_dict(result)
    stamp = values["time"].translate(str.maketrans("", "", "-:."))
    name = f"frame-{stamp}-{result.sequence:09d}"
    content = encode(picture if frame.order == "bgr" else picture[..., ::-1], quality=92)
    # The JSON last: where it is, the picture is whole.
    for suffix, data in ((".jpg", content), (".json", json.dumps(values, indent=1).encode())):
        part = folder / f".{name}{suffix}.part"
        part.write_bytes(data)
        part.replace(folder / f"{name}{suffix}")


def _forget_oldest(folder: Path, limit: int) -> None:
    """Delete our oldest pictures beyond `limit`; other files in the folder are not ours."""
    own = sorted(path for path in folder.iterdir() if _OWN_NAME.fullmatch(path.name))
    pictures = [path for path in own if path.suffix == ".jpg"]
    for path in pictures[: max(0, len(pictures) - limit)]:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
