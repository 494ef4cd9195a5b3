"""What is wrong with a calibration set, found by looking at every image once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgevision.dataset.calibration.choose import pixel_digest
from edgevision.dataset.calibration.image_summary import ImageSummary, summarize_image
from edgevision.dataset.calibration.stability import Range, RangesOf, measure_stability
from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import ImageSetError
from edgevision.progress import Progress, silent

Severity = Literal["error", "warning", "note"]

FEWEST, ENOUGH = 10, 100
"""Fewer images than the first are refused, fewer than the second warned of."""

DARK = 8.0
"""Mean pixel value below which a photo is taken for nearly black."""

IMBALANCE = 3.0
"""Largest class over smallest class, above which a set is called unbalanced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFinding:
    """One thing that is wrong, or worth knowing."""

    severity: Severity
    """error: do not calibrate with this set. warning: the result may suffer. note: know it."""
    kind: str
    """A short word for programs: "duplicates", "overlap", ..."""
    message: str
    items: tuple[str, ...] = ()
    """Ids of the images it is about; empty when it is about the set."""


def check(
    images: ImageSet,
    *,
    evaluation: ImageSet | None = None,
    ranges_of: RangesOf | None = None,
    progress: Progress = silent,
) -> tuple[SetFinding, ...]:
    """Everything found in `images`, errors first; an empty tuple is a good set.

    Args:
        images: The calibration set, or a set one may be chosen from.
        evaluation: Images that must not be in it.
        ranges_of: Ranges of a model's activations, to see whether two halves of the set agree.
            Without it the halves are compared by the pixels of each channel.
        progress: Told after each image.

    Raises:
        ImageSetError: an image of `evaluation` cannot be read.
    """
    summaries: list[ImageSummary] = []
    findings: list[SetFinding] = []
    for done, item in enumerate(images, start=1):
        try:
            summaries.append(summarize_image(images, item))
        except ImageSetError as error:
            findings.append(_finding("error", "unreadable", str(error), [item]))
        progress(done, len(images), "checking images")
    findings += _count(summaries)
    findings += _range(summaries)
    findings += _balance(images, summaries)
    findings += _duplicates(summaries)
    if evaluation is not None:
        findings += _overlap(summaries, evaluation, progress)
    if len(summaries) >= FEWEST:
        findings += _stability(summaries, ranges_of)
    if images.skipped:
        findings.append(
            SetFinding(
                severity="warning",
                kind="skipped",
                message=f"{_files(images.skipped)} cannot be read: save as JPEG or PNG",
                items=images.skipped,
            )
        )
    order = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(findings, key=lambda finding: order[finding.severity]))


def _count(summaries: Sequence[ImageSummary]) -> list[SetFinding]:
    if len(summaries) < FEWEST:
        message = f"{len(summaries)} readable images are too few: ranges need at least {FEWEST}"
        return [_finding("error", "too-few", message)]
    if len(summaries) < ENOUGH:
        message = f"{len(summaries)} images are few: {ENOUGH} to 500 give reliable ranges"
        return [_finding("warning", "too-few", message)]
    return []


def _range(summaries: Sequence[ImageSummary]) -> list[SetFinding]:
    """Pixels that were scaled before they were saved, and pictures without content."""
    found: list[SetFinding] = []
    constant = [summary.item for summary in summaries if summary.low == summary.high]
    scaled = [summary.item for summary in summaries if summary.low < summary.high <= 1]
    dark = [
        summary.item
        for summary in summaries
        if summary.high > 1 and summary.low < summary.high and max(summary.mean) < DARK
    ]
    if scaled:
        # A photo of 0..1 floats cast to bytes: what a model would see is black.
        message = f"{_images(scaled)} with no value above 1: scaled to 0..1 before saving?"
        found.append(_finding(_if_many(scaled, summaries), "range", message, scaled))
    if constant:
        message = f"{_images(constant)} of one single colour"
        found.append(_finding(_if_many(constant, summaries), "constant", message, constant))
    if dark:
        message = f"{_images(dark)} nearly black (mean below {DARK:g} of 255)"
        found.append(_finding(_if_many(dark, summaries), "dark", message, dark))
    highest = max((summary.high for summary in summaries), default=255)
    if 1 < highest < 128:
        message = f"no pixel of any image is above {highest}: are they scaled to 0..255?"
        found.append(_finding("warning", "range", message))
    if summaries and all(summary.is_grey for summary in summaries):
        found.append(_finding("note", "grey", "every image is grey"))
    return found


def _balance(images: ImageSet, summaries: Sequence[ImageSummary]) -> list[SetFinding]:
    indices = (summary.item.class_index for summary in summaries)
    counts = Counter(index for index in indices if index is not None)
    if not counts:
        return []
    found: list[SetFinding] = []
    classes = len(images.classes)
    if classes > len(counts) and len(summaries) >= classes:
        missing = [name for label, name in enumerate(images.classes) if label not in counts]
        message = f"{len(missing)} of {classes} classes have no image: {_some(missing)}"
        found.append(_finding("warning", "imbalance", message))
    (most, many), (least, few) = counts.most_common()[0], counts.most_common()[-1]
    # With a handful of images a class, some are bound to be several times others.
    if many > IMBALANCE * few and len(summaries) >= 5 * len(counts):
        message = (
            f"class {_class_name(images, most)} has {many} images, "
            f"class {_class_name(images, least)} has {few}"
        )
        found.append(_finding("warning", "imbalance", message))
    return found


def _duplicates(summaries: Sequence[ImageSummary]) -> list[SetFinding]:
    first: dict[str, Item] = {}
    again: list[tuple[Item, Item]] = []
    for summary in summaries:
        known = first.get(summary.stored) or first.get(summary.pixels)
        if known is not None:
            again.append((summary.item, known))
        first.setdefault(summary.stored, summary.item)
        first.setdefault(summary.pixels, summary.item)
    if not again:
        return []
    items = [item for item, _ in again]
    message = f"{again[0][0].id} shows the same picture as {again[0][1].id}"
    if len(again) > 1:
        message += f"; so do {len(again) - 1} more"
    return [_finding("warning", "duplicates", message, items)]


def _overlap(
    summaries: Sequence[ImageSummary], evaluation: ImageSet, progress: Progress
) -> list[SetFinding]:
    held_out: dict[str, str] = {}
    for done, item in enumerate(evaluation, start=1):
        held_out[evaluation.digest(item)] = item.id
        held_out[pixel_digest(evaluation.load(item))] = item.id
        progress(done, len(evaluation), "comparing with evaluation")
    both = [
        (summary.item, held_out.get(summary.stored) or held_out.get(summary.pixels))
        for summary in summaries
        if summary.stored in held_out or summary.pixels in held_out
    ]
    if not both:
        return []
    shared = [item for item, _ in both]
    message = (
        f"{_images(shared)} in the evaluation set too, so its figures would flatter: "
        f"{shared[0].id} is {both[0][1]}"
    )
    return [_finding("error", "overlap", message, shared)]


def _stability(summaries: Sequence[ImageSummary], ranges_of: RangesOf | None) -> list[SetFinding]:
    items = [summary.item for summary in summaries]
    stability = measure_stability(items, ranges_of or _channel_ranges(summaries))
    what = "activation ranges" if ranges_of is not None else "pixel statistics"
    if stability.is_stable:
        steady = len(stability.overlaps) - len(stability.unstable)
        message = f"two halves of the set agree in {steady} of {len(stability.overlaps)} {what}"
        return [_finding("note", "stability", message)]
    worst = stability.unstable[0]
    message = (
        f"two halves of the set differ in {len(stability.unstable)} of "
        f"{len(stability.overlaps)} {what}, most in {worst} "
        f"(overlap {stability.overlaps[worst]:.2f}): add images, or look for odd ones"
    )
    return [_finding("warning", "stability", message)]


def _channel_ranges(summaries: Sequence[ImageSummary]) -> RangesOf:
    by_item = {summary.item: summary for summary in summaries}

    def ranges_of(items: Sequence[Item]) -> dict[str, Range]:
        means = np.asarray([by_item[item].mean for item in items]).mean(axis=0)
        spreads = np.asarray([by_item[item].spread for item in items]).mean(axis=0)
        return {
            name: (float(mean - spread), float(mean + spread))
            for name, mean, spread in zip(("red", "green", "blue"), means, spreads, strict=True)
        }

    return ranges_of


def _finding(severity: Severity, kind: str, message: str, items: Sequence[Item] = ()) -> SetFinding:
    ids = tuple(item.id for item in items)
    return SetFinding(severity=severity, kind=kind, message=message, items=ids)


def _if_many(some: Sequence[Item], summaries: Sequence[ImageSummary]) -> Severity:
    """A tenth of the set moves its ranges; a single odd image is only worth a look."""
    return "error" if len(some) > 0.1 * len(summaries) else "warning"


def _images(items: Sequence[Item]) -> str:
    if len(items) == 1:
        return f"{items[0].id} is"
    return f"{len(items)} images ({_some([item.id for item in items])}) are"


def _files(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} files ({_some(names)})"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _class_name(images: ImageSet, label: int | None) -> str:
    known = label is not None and label < len(images.classes)
    return images.classes[label] if known and label is not None else str(label)
