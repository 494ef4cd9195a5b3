"""What `bench` and `compare` do with a budget: say what is missed, write JUnit, exit with 7."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.cli import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.bench.results.budget import Limits
    from edgevision.bench.results.result import Result


def enforce(
    budget: "Sequence[Limits]",
    results: "Sequence[Result]",
    *,
    junit: Path | None,
    overwrite: bool,
) -> None:
    """Check the budget.

    Raises:
        TargetMissedError: a limit is not kept.
    """
    from edgevision.bench.results.budget import check_budget
    from edgevision.bench.results.junit import to_junit
    from edgevision.errors import TargetMissedError
    from edgevision.files import write_text

    checks = check_budget(budget, results)
    if junit is not None:
        write_text(junit, to_junit(checks), overwrite=overwrite)
        console.note(f"wrote {junit}")
    missed = [check for check in checks if not check.is_kept]
    if missed:
        message = f"{len(missed)} of {len(checks)} limits missed: {'; '.join(map(str, missed))}"
        raise TargetMissedError(message)
    console.note(f"all {len(checks)} limits of the budget are kept")
