"""The result of a benchmark: raw samples and all, as a value and as a versioned JSON document."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevision import __version__
from edgevision.bench.accuracy import Accuracy
from edgevision.bench.host import Host
from edgevision.bench.latency import Latency
from edgevision.bench.plain import from_plain, to_plain
from edgevision.bench.plan import Plan
from edgevision.bench.ratio import Ratio
from edgevision.bench.size import Size
from edgevision.errors import UsageError

SCHEMA_VERSION = 1
"""Version of the document.

1  2026-11: first.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One model on one machine."""

    name: str
    file: str
    """Name of the `.tflite`, without its folder."""
    size: Size
    latency: Latency
    accuracy: Accuracy | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run of `edgevision bench` on one machine."""

    created: str
    """ISO 8601, UTC."""
    host: Host
    plan: Plan
    models: tuple[Measured, ...]
    ratios: tuple[Ratio, ...]
    """Each model relative to the first."""
    data: str | None = None
    """Name of the image set accuracy was measured on."""
    classes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """About the machine and the run as a whole."""


def to_document(result: Result) -> dict[str, Any]:
    """The JSON document: our fields, and beside them the keys of litert-benchmark."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "edgevision bench", "version": __version__},
        **to_plain(result),
    }
    for plain, measured in zip(document["models"], result.models, strict=True):
        plain.update(_litert_keys(measured))
    for plain, ratio in zip(document["ratios"], result.ratios, strict=True):
        plain["verdict"] = ratio.verdict
    return document


def to_text(document: Mapping[str, Any]) -> str:
    """The document as JSON text, indented, with each list of numbers on one line."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return re.sub(r"\[[\d\s,.eE+-]+\]", lambda found: re.sub(r"\s+", " ", found[0]), text) + "\n"


def from_document(document: object, *, name: str = "result") -> Result:
    """The result a JSON document holds, of this or any older version.

    Raises:
        UsageError: it is no result, or of a newer version than this program knows.
    """
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        message = f"{name} is no result of edgevision bench"
        raise UsageError(
            message, hint="make one with: edgevision bench model.tflite -o result.json"
        )
    if version > SCHEMA_VERSION:
        message = (
            f"{name} has schema version {version}; this edgevision reads up to {SCHEMA_VERSION}"
        )
        raise UsageError(message, hint="pip install --upgrade edgevision")
    try:
        return from_plain(Result, document, name)
    except ValueError as error:
        message = f"{error}"
        raise UsageError(message, hint="the file is damaged or was edited by hand") from error


def read_result(path: Path) -> Result:
    """The result in a JSON file.

    Raises:
        UsageError: the file cannot be read or is no result.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise UsageError(message, hint="check the path") from error
    except ValueError as error:
        message = f"{path} is no JSON: {error}"
        raise UsageError(message) from error
    return from_document(document, name=path.name)


def _litert_keys(measured: Measured) -> dict[str, Any]:
    # The names and units of ai_edge_litert/tools/benchmark_litert_model.py, so that what reads
    # its files reads ours; p50, p90 and p99 are added in the same style.
    latency, summary = measured.latency, measured.latency.summary
    first = latency.rounds[0]
    warmup = [first.first_ns, *first.warmup_ns]
    return {
        "model": measured.file,
        "model_size_mb": measured.size.file_bytes / 2**20,
        "accelerators": ["CPU"],
        "num_threads": latency.threads,
        "latency": to_plain(latency)
        | {
            "init_ms": latency.init_ms,
            "warmup_first_ms": latency.first_ms,
            "warmup_avg_ms": sum(warmup) / len(warmup) / 1e6,
            "avg_ms": summary.mean_ms,
            "min_ms": summary.min_ms,
            "max_ms": summary.max_ms,
            "median_ms": summary.p50_ms,
            "std_ms": summary.std_ms,
            "p5_ms": summary.p5_ms,
            "p95_ms": summary.p95_ms,
            "num_runs": summary.runs,
            "p50_ms": summary.p50_ms,
            "p90_ms": summary.p90_ms,
            "p99_ms": summary.p99_ms,
            "warmup_runs": latency.warmup_runs,
        },
    }
