"""What the search for an accuracy target tried."""

from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.quantities import percent

if TYPE_CHECKING:
    from edgevision.quantize.search.accuracy_target import TargetSearch


def render_trials(reached: "TargetSearch") -> None:
    """What the search for a target tried, as a table on stdout."""
    table = console.new_table("tried", "float ops", "measured", "95 %", "ms", "met")
    for trial in reached.trials:
        found = trial.measured
        table.add_row(
            trial.name,
            str(trial.float_operators),
            percent(found.value),
            f"{100 * found.low:.1f} to {100 * found.high:.1f}",
            "" if trial.median_ms is None else f"{trial.median_ms:.2f}",
            "yes" if trial.met else "no",
        )
    console.print_table(table)
