"""Reading what TFLite's `benchmark_model` prints; its format has been stable since 2019."""

import re
from dataclasses import dataclass

from edgevision.bench.operators.delegation import Delegation
from edgevision.bench.timing.summary import Reported
from edgevision.errors import DeviceError

_NUMBER = r"([0-9.e+]+)"
_COUNT = re.compile(
    rf"count=(\d+) first=\d+ curr=\d+ min={_NUMBER} max={_NUMBER} avg={_NUMBER} std={_NUMBER}"
    rf"(?: p5={_NUMBER} median={_NUMBER} p95={_NUMBER})?"
)
_TIMINGS = re.compile(
    rf"Inference timings in us: Init: {_NUMBER}, First inference: {_NUMBER}, Warmup"
)
_PEAK = re.compile(rf"Overall peak memory footprint \(MB\) via periodic monitoring: {_NUMBER}")
_REPLACED = re.compile(
    r"Replacing (\d+) out of (\d+) node\(s\) with delegate \([^)]*\) node, yielding (\d+) partition"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """One run of the tool."""

    init_ns: int
    first_ns: int
    steady: Reported
    peak_bytes: int | None
    delegation: Delegation | None


def parse_run(output: str, *, where: str) -> ToolRun:
    """The figures of one run.

    Raises:
        DeviceError: it printed none, or is too old to print a median.
    """
    timings = _TIMINGS.search(output)
    # The first "count=" line is the warm-up's, the last one the steady state's.
    counts = list(_COUNT.finditer(output))
    if timings is None or not counts:
        last = next((line for line in reversed(output.splitlines()) if line.strip()), "nothing")
        message = f"benchmark_model on {where} gave no timings: {last.strip()}"
        raise DeviceError(message, hint="try the binary by hand: adb shell")
    count = counts[-1]
    if count[6] is None:
        message = f"benchmark_model on {where} is too old: it prints a mean and no median"
        raise DeviceError(message, hint="use a build of TensorFlow 2.12 or later")
    low, high, mean, deviation, p5, median, p95 = (_nanoseconds(count[i]) for i in range(2, 9))
    peak, replaced = _PEAK.search(output), _REPLACED.search(output)
    return ToolRun(
        init_ns=_nanoseconds(timings[1]),
        first_ns=_nanoseconds(timings[2]),
        steady=Reported(
            runs=int(count[1]),
            min_ns=low,
            p5_ns=p5,
            median_ns=median,
            p95_ns=p95,
            max_ns=high,
            mean_ns=mean,
            std_ns=deviation,
        ),
        peak_bytes=round(float(peak[1]) * 2**20) if peak else None,
        delegation=Delegation(
            operations=int(replaced[2]),
            delegated=int(replaced[1]),
            taken=None,
            partitions=int(replaced[3]),
        )
        if replaced
        else None,
    )


def _nanoseconds(microseconds: str) -> int:
    return round(float(microseconds) * 1000)
