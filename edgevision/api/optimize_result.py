"""`OptimizeResult`: the folder that `optimize` filled, with the figures of each file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgevision.pipeline.report import OptimizeReport, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizeResult:
    """The folder that `optimize` filled, and what is known of its files."""

    folder: Path
    report: "OptimizeReport"
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def files(self) -> Mapping[str, Path]:
        """Path of each `.tflite` by its name without ending, "float32" first."""
        return {Path(one.file).stem: self.folder / one.file for one in self.report.variants}

    @property
    def variants(self) -> "tuple[Variant, ...]":
        """Each file's size, arithmetic, latency, accuracy and agreement, "float32" first."""
        return self.report.variants

    def raise_if_missed(self) -> None:
        """Raise when an accuracy target was missed.

        Raises:
            TargetMissedError: naming the best file found, and the layers that lose most.
        """
        from edgevision.api.arguments.recipes import missed

        for variant in self.report.missed:
            assert variant.reached is not None  # noqa: S101 - that is what missed means
            raise missed(variant.reached, self.folder / variant.file)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision optimize --json` prints."""
        from edgevision.pipeline.report import report_to_dict

        return {"folder": str(self.folder), **report_to_dict(self.report)}

    def _repr_html_(self) -> str:
        from edgevision.api.html import card
        from edgevision.api.optimize_table import (
            difference_table,
            latency_remark,
            optimize_table,
            title,
        )

        tables = [optimize_table(self.report)]
        differences = difference_table(self.report)
        if differences is not None:
            tables.append(differences)
        remarks = (latency_remark(self.report), f"all in {self.folder}/")
        return card(title(self.report), *tables, remarks=remarks, warnings=self.warnings)
