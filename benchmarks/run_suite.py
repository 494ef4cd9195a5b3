"""Run a suite of suites.toml here or elsewhere, and add the result to results/.

    python benchmarks/run_suite.py int8-224 [--on ssh://pi@raspberrypi.local]

Results are only ever added: a new file a run, named by date, machine and suite, raw samples
included. Exits with 1 when a target of targets.toml for this machine is missed.
"""

import argparse
import sys
import tomllib
from pathlib import Path

from models import built_models
from table import HERE, device_of

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.dispatch import Access, measure_at
from edgevision.bench.remote.target import parse_target
from edgevision.bench.results.budget import check_budget, read_budget
from edgevision.bench.results.result import BenchRun, to_document
from edgevision.bench.timing.case import cases_for
from edgevision.bench.timing.plan import TimingPlan
from edgevision.errors import UsageError
from edgevision.files import write_text
from edgevision.serialization.json_text import to_json


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    suites = tomllib.loads((HERE / "suites.toml").read_text())
    parser.add_argument("suite", choices=sorted(suites))
    parser.add_argument("--on", default="local")
    asked = parser.parse_args()
    suite = suites[asked.suite]
    paths = built_models()
    job = BenchJob(
        cases=cases_for([paths[name] for name in suite["models"]], threads=suite["threads"]),
        plan=TimingPlan(rounds=suite["rounds"], seconds=suite["seconds"]),
        per_operation=False,
    )
    result = measure_at(parse_target(asked.on), job, Access())
    path = write_result(result, asked.suite)
    print(f"wrote {path}")
    return int(misses_target(result))


def write_result(result: BenchRun, suite: str) -> Path:
    stamp = result.created.replace(":", "").replace("+0000", "Z")
    path = HERE / "results" / f"{stamp}-{device_of(result)[0]}-{suite}.json"
    write_text(path, to_json(to_document([result]), indent=2))
    return path


def misses_target(result: BenchRun) -> bool:
    missed = False
    for limits in read_budget(HERE / "targets.toml"):
        try:
            checks = check_budget([limits], [result])
        except UsageError:
            # A target for another machine or another suite.
            continue
        for check in checks:
            print(f"{'kept  ' if check.is_kept else 'MISSED'}  {check}")
            missed |= not check.is_kept
    return missed


if __name__ == "__main__":
    sys.exit(main())
