"""Write the newest results as a table into documents, between two marks.

    python benchmarks/table.py README.md docs/bench.md [--suite int8-224] [--check]

The marks are the comments `<!-- benchmarks:begin -->` and `<!-- benchmarks:end -->`. With --check
nothing is written, and the exit code is 1 when a table is out of date.
"""

import argparse
import re
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

from edgevision.bench.results.result import BenchRun, read_results
from edgevision.bench.results.tables import milliseconds

HERE = Path(__file__).resolve().parent
MARKS = re.compile(r"(<!-- benchmarks:begin -->\n).*?(<!-- benchmarks:end -->)", re.DOTALL)


def device_of(result: BenchRun) -> tuple[str, str]:
    """Short name and title of the machine in devices.toml; its own words when it is not there."""
    devices = tomllib.loads((HERE / "devices.toml").read_text())
    names = [name for name in (result.host.machine, result.host.cpu) if name]
    for name, device in devices.items():
        if any(fnmatchcase(found, device["pattern"]) for found in names):
            return name, device["title"]
    title = result.host.title or result.target
    return re.sub(r"\W+", "-", title.lower()).strip("-"), title


def newest(folder: Path, *, only: str | None = None) -> list[tuple[str, BenchRun]]:
    """The last result of each machine and suite, or of each machine in one, as (suite, result)."""
    found = {}
    suites = tomllib.loads((HERE / "suites.toml").read_text())
    # Names begin with the date.
    for path in sorted(folder.glob("*.json")):
        suite = next(name for name in suites if path.stem.endswith(f"-{name}"))
        if only not in {None, suite}:
            continue
        for result in read_results(path):
            found[device_of(result)[0], suite] = (suite, result)
    return [found[key] for key in sorted(found)]


def table(results: list[tuple[str, BenchRun]]) -> str:
    """Markdown."""
    lines = []
    for suite, result in results:
        title = device_of(result)[1]
        runtime = result.models[0].latency.runtime
        lines += [
            f"**{title}**: {runtime}, {result.host.os}, suite {suite}, {result.created[:10]}",
            "",
            "| model | size MB | memory MB | p50 ms | p90 ms | p99 ms | GOP/s |",
            "|---|---|---|---|---|---|---|",
        ]
        for one in result.models:
            summary, memory = one.latency.summary, one.memory
            model_bytes = memory.model_bytes if memory else None
            lines.append(
                f"| {one.name} | {one.size.file_bytes / 1e6:.2f} "
                f"| {'-' if model_bytes is None else f'{model_bytes / 1e6:.1f}'} "
                f"| {milliseconds(summary.p50_ms)} | {milliseconds(summary.p90_ms)} "
                f"| {milliseconds(summary.p99_ms)} | {one.gops:.0f} |"
            )
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("documents", nargs="+", type=Path)
    parser.add_argument("--suite", help="only this one; all")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    text = table(newest(HERE / "results", only=asked.suite))
    stale = 0
    for document in asked.documents:
        before = document.read_text()
        if not MARKS.search(before):
            sys.exit(f"{document} has no benchmarks:begin and benchmarks:end")
        after = MARKS.sub(lambda found: f"{found[1]}{text}{found[2]}", before)
        if after != before:
            stale += 1
            print(f"{document} is out of date" if asked.check else f"wrote {document}")
            if not asked.check:
                document.write_text(after)
    return int(asked.check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
