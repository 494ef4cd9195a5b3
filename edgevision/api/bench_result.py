"""`BenchResult`: what `bench` measured, as tables, a document and checks of a budget."""

from dataclasses import dataclass
from typing import Any

from edgevision.api.html import card
from edgevision.bench.results.budget import Check
from edgevision.bench.results.result import BenchRun, to_document
from edgevision.bench.results.sentences import sentences
from edgevision.bench.results.tables import all_tables
from edgevision.errors import EdgeVisionError, TargetMissedError
from edgevision.serialization.json_text import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """What was measured, on each machine that could be reached."""

    results: tuple[BenchRun, ...]
    """One a machine, in the order they were named; never empty."""
    failures: tuple[EdgeVisionError, ...] = ()
    """Of machines that could not be reached or were lost, and of a budget that fits nothing."""
    checks: tuple[Check, ...] = ()
    """Of the budget; empty without one, or when a machine failed."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def raise_if_failed(self) -> None:
        """Raise when a machine failed, or the budget could not be checked.

        Raises:
            DeviceError: of the first such machine.
            UsageError: a limit is for a model or a machine that was not measured.
        """
        if self.failures:
            raise self.failures[0]

    def raise_if_missed(self) -> None:
        """Raise when a limit of the budget is not kept.

        Raises:
            TargetMissedError: naming all that are missed.
        """
        missed = [check for check in self.checks if not check.is_kept]
        if missed:
            raise TargetMissedError(
                f"{len(missed)} of {len(self.checks)} limits missed: {'; '.join(map(str, missed))}"
            )

    def to_dict(self) -> dict[str, Any]:
        """The versioned document that `edgevision bench --json` prints, raw samples and all."""
        return to_document(self.results)

    def to_json(self) -> str:
        """The document as text, each list of numbers on one line."""
        return to_json(self.to_dict(), indent=2)

    def _repr_html_(self) -> str:
        parts = []
        for result in self.results:
            warnings = [*result.warnings]
            warnings += [f"{one.name}: {line}" for one in result.models for line in one.warnings]
            title = f"{result.target}: {result.host.title}, {result.host.os}"
            remarks = sentences(result)
            parts.append(card(title, *all_tables(result), remarks=remarks, warnings=warnings))
        return "".join(parts)
