"""How right each quantized model is, and the table of compare_ptq.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from ptq_subjects import Images

from edgevision.metrics.classification import agreement, top_k_accuracy
from edgevision.metrics.divergence import mean_kl
from edgevision.metrics.signal import sqnr_db
from edgevision.predictions import as_probabilities
from edgevision.tensors import FloatArray

WIDTHS = (7, 7, 7, 12, 7, 9, 6, 7)
"""Of the table's columns; with the quantizer's name they fill 79."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """How right one quantized model is."""

    top1: float | None
    """Share of the labelled pictures; None without labels."""
    agreement: float
    sqnr_db: float
    kl: float
    flips: list[int]
    """Which of the scored images got another answer than from the float model."""


@dataclass(kw_only=True)
class Row:
    """One quantizer on one model, a value for each draw."""

    quantizer: str
    size_bytes: list[int]
    cpu_seconds: list[float]
    scores: list[Score]
    latency_ms: float | None = None
    failure: str = ""


def score(outputs: FloatArray, reference: FloatArray, images: Images) -> Score:
    top1 = None
    if images.labels is not None:
        top1 = top_k_accuracy(outputs[: len(images.labels)], images.labels).value
    return Score(
        top1=top1,
        agreement=agreement(outputs, reference).value,
        sqnr_db=sqnr_db(reference, outputs),
        kl=mean_kl(as_probabilities(outputs), as_probabilities(reference)),
        flips=np.flatnonzero(outputs.argmax(axis=1) != reference.argmax(axis=1)).tolist(),
    )


def table(rows: Sequence[Row]) -> str:
    heads = zip(
        ("MB", "top-1", "agree", "(draws)", "SQNR", "KL", "CPU s", "ms"), WIDTHS, strict=True
    )
    lines = [" " * 17 + "".join(f"{head:>{width}}" for head, width in heads)]
    for row in rows:
        if not row.scores:
            lines.append(f"{row.quantizer:17} {row.failure[:61]}")
            continue
        top1s = [one.top1 for one in row.scores if one.top1 is not None]
        agreements = [100 * one.agreement for one in row.scores]
        is_float = row.quantizer == "float"
        top1 = f"{100 * median(top1s):.1f}" if top1s else "-"
        cells = f"{median(row.size_bytes) / 1e6:7.2f}{top1:>7}"
        if is_float:
            cells += " " * sum(WIDTHS[2:7])
        else:
            span = f"{min(agreements):.1f}-{max(agreements):.1f}"
            cells += f"{median(agreements):7.1f}{span:>12}"
            cells += f"{median(one.sqnr_db for one in row.scores):7.1f}"
            cells += f"{median(one.kl for one in row.scores):9.4f}"
            cells += f"{median(row.cpu_seconds):6.1f}"
        cells += f"{row.latency_ms:7.2f}" if row.latency_ms is not None else f"{'-':>7}"
        lines.append(f"{row.quantizer:17}{cells}{' *' if row.failure else ''}")
    lines += [f"* {row.quantizer}, on a later draw: {row.failure}" for row in rows if row.failure]
    return "\n".join(lines)


def best_peer(rows: Sequence[Row], images: Images) -> str:
    """How each of ours differs from the peer that agrees most with the float model."""
    peers = [row for row in rows[1:] if not row.quantizer.startswith("ours") and row.scores]
    if not peers:
        return ""
    best = min(peers, key=lambda row: flip_rates(row, images).mean())
    lines = [f"agreement beside the best peer, {best.quantizer}, in points with 95 % interval:"]
    for row in rows:
        if row.quantizer.startswith("ours") and row.scores:
            gain = 100 * (flip_rates(best, images) - flip_rates(row, images))
            # Views of one picture hang together, so pictures are the unit of evidence.
            half = 1.96 * gain.std(ddof=1) / np.sqrt(len(gain))
            mean = gain.mean()
            lines.append(
                f"  {row.quantizer} {mean:+.2f} ({mean - half:+.2f} to {mean + half:+.2f})"
            )
    return "\n".join(lines)


def flip_rates(row: Row, images: Images) -> FloatArray:
    """For each picture, the share of its views and of the draws where the answer flipped."""
    pictures = images.picture_of.max() + 1
    flips = np.concatenate([np.asarray(one.flips, np.int64) for one in row.scores])
    counts = np.bincount(images.picture_of[flips], minlength=pictures)
    of_all = np.bincount(images.picture_of, minlength=pictures)
    return np.asarray(counts / (of_all * len(row.scores)), np.float32)
