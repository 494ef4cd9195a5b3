"""Do the times per operation add up to the whole, and why is one int8 model fast and one slow?

    python benchmarks/per_operation.py [--json FILE]

MobileNetV2 and MobileNetV3Small with random weights: float, TFLiteConverter's int8 and ours.
Exits with 1 when the parts of any are further from the whole than `edgevision bench` states.
"""

import argparse
import json
import sys
import textwrap
from pathlib import Path

from models import NAMES, built_models

from edgevision.bench.operators.explain import explain, outside
from edgevision.bench.operators.profile import STATED_ERROR, profile
from edgevision.bench.timing.case import Case

KINDS = ("float", "int8", "edgevision")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    paths = built_models()
    found = {
        name: profile(Case(name=name, model=paths[name]))
        for name in (f"{network}-{kind}" for network in NAMES for kind in KINDS)
    }
    print("| model | whole ms | parts of it | outside the delegate |\n|---|---|---|---|")
    for name, one in found.items():
        print(f"| {name} | {one.whole_ms:.2f} | {1 + one.error:.0%} | {outside(one)} |")
    for network in NAMES:
        for kind in KINDS[1:]:
            names = f"{network}-float", f"{network}-{kind}"
            line = explain(names[0], found[names[0]], names[1], found[names[1]])
            print("\n" + textwrap.fill(line, 100))
    if asked.json:
        document = {
            name: {
                "whole_ms": one.whole_ms,
                "parts_ms": one.parts_ms,
                "partitions": one.partitions,
                "operations": [
                    [part.name, part.time_ms, part.delegated] for part in one.operations
                ],
            }
            for name, one in found.items()
        }
        asked.json.write_text(json.dumps(document, indent=1) + "\n")
    return int(any(abs(one.error) > STATED_ERROR for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
