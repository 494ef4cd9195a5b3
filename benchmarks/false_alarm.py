"""Does a verdict keep its promise on this machine? One model under two names, and 5 % more of it.

    PYTHONPATH=. python benchmarks/false_alarm.py [--comparisons 50] [--tries 10] [--json FILE]

First, the same model under two names, again and again: "different" may be said at most as often as
the confidence of the interval allows. Then a model with two small operations more, which cost it
about 5 %, measured with the default plan: how often is it called slower? Exits with 1 when there
are more false alarms than happen by chance once in 200 times. The machine may be busy; that is the
point.
"""

import argparse
import json
import sys
from dataclasses import asdict, replace
from math import comb
from pathlib import Path
from statistics import median

from edgevision.bench.timing.latency import time_models
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.ratio import Ratio, ratio_of
from tests.bench.networks import hard_swish_network

ALPHA = 0.05
BY_CHANCE = 1 / 200
QUICK = TimingPlan(rounds=10, seconds=0.3, warmup_seconds=0.01)


def compared(first: bytes, second: bytes, plan: TimingPlan) -> Ratio:
    found = time_models({"first": first, "second": second}, plan=plan)
    return ratio_of(found["first"], found["second"])


def most_alarms(comparisons: int) -> int:
    """The largest count that is not rarer than `BY_CHANCE`, were each an alarm with `ALPHA`."""
    rest = 1.0
    for count in range(comparisons + 1):
        rest -= comb(comparisons, count) * ALPHA**count * (1 - ALPHA) ** (comparisons - count)
        if rest < BY_CHANCE:
            return count
    return comparisons


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--comparisons", type=int, default=50)
    parser.add_argument("--tries", type=int, default=10)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()

    model = hard_swish_network(blocks=2)
    same = [compared(model, model, replace(QUICK, seed=n)) for n in range(asked.comparisons)]
    alarms = sum(one.verdict != "undecided" for one in same)
    allowed = most_alarms(asked.comparisons)
    print(
        f"the same model under two names: called different in {alarms} of {asked.comparisons}; "
        f"{ALPHA * asked.comparisons:.1f} expected at 95 %, {allowed} allowed"
    )

    plain, longer = (hard_swish_network(3, side=24, extra=extra) for extra in (0, 2))
    slower = [compared(plain, longer, replace(TimingPlan(), seed=n)) for n in range(asked.tries)]
    found = sum(one.verdict == "slower" for one in slower)
    if slower:
        print(
            f"two small convolutions more ({median(one.ratio for one in slower) - 1:+.1%}): "
            f"called slower in {found} of {asked.tries}"
        )
    if asked.json:
        kept = {"same": [asdict(one) for one in same], "slower": [asdict(one) for one in slower]}
        asked.json.write_text(json.dumps(kept, indent=1) + "\n")
    return int(alarms > allowed)


if __name__ == "__main__":
    sys.exit(main())
