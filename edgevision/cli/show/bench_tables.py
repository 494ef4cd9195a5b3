"""What `edgevision bench` prints."""

from typing import TYPE_CHECKING

from edgevision.cli import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.api.bench_result import BenchResult
    from edgevision.bench.results.result import BenchRun


def render(result: "BenchResult") -> None:
    """Each machine's tables, and all machines in one."""
    for one in result.results:
        _render_machine(one)
    if len(result.results) > 1:
        _render_machines(result.results)


def _render_machine(result: "BenchRun") -> None:
    """One machine's result as tables on stdout, and its warnings on stderr."""
    from edgevision.bench.results.sentences import sentences
    from edgevision.bench.results.tables import all_tables

    host = result.host
    machine = f"{host.title}, {host.architecture}, {host.usable_cpus} usable CPUs, {host.os}"
    console.print_text(machine if result.target == "local" else f"{result.target}: {machine}")
    for header, rows in all_tables(result):
        table = console.new_table(*header)
        for row in rows:
            table.add_row(*row)
        console.print_table(table)
    for sentence in sentences(result):
        console.print_text(sentence)
    for warning in result.warnings:
        console.warn(warning)
    for measured in result.models:
        for warning in measured.warnings:
            console.warn(f"{measured.name}: {warning}")


def _render_machines(results: "Sequence[BenchRun]") -> None:
    from edgevision.bench.results.tables import machine_rows

    header, rows = machine_rows(results)
    table = console.new_table(*header)
    for row in rows:
        table.add_row(*row)
    console.print_table(table)
