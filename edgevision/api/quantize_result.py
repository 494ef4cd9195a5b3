"""`QuantizeResult`: the file that `quantize` wrote, its precision, and what stayed in float."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgevision.api.arguments.recipes import missed
from edgevision.api.html import card
from edgevision.pipeline.quantize_file import QuantizedFile
from edgevision.pipeline.report import target_search_to_dict
from edgevision.quantities import megabytes
from edgevision.quantize.quantize import QuantizedModel
from edgevision.quantize.search.accuracy_target import TargetSearch
from edgevision.serialization.encode import to_plain
from edgevision.tflite.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeResult:
    """The file that `quantize` wrote, and what was decided on the way."""

    file: Path
    quantized: QuantizedFile
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def facts(self) -> Facts:
        """The written file: size, precision, inputs, outputs, operators."""
        return self.quantized.facts

    @property
    def model(self) -> QuantizedModel:
        """What was tried, what stayed in float and why."""
        return self.quantized.model

    @property
    def target(self) -> TargetSearch | None:
        """The search for the accuracy target; None without one."""
        return self.quantized.reached

    def raise_if_missed(self) -> None:
        """Raise when the accuracy target was missed.

        Raises:
            TargetMissedError: naming the layers that lose most.
        """
        if self.target is not None and not self.target.met:
            raise missed(self.target, self.file)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision quantize --json` prints."""
        facts, model = self.facts, self.model
        found: dict[str, Any] = {
            "file": str(self.file),
            "size_bytes": facts.size_bytes,
            "precision": facts.precision,
            "recipe": to_plain(model.recipe),
            "images": model.images,
            "seconds": model.seconds,
            "skipped": [asdict(one) for one in model.skipped],
            "steps": [asdict(one) for one in model.steps],
            "warnings": list(model.warnings),
            "speed": None if model.verdict is None else asdict(model.verdict),
        }
        if self.target is not None:
            found["target"] = target_search_to_dict(self.target)
        return found

    def left_in_float(self) -> tuple[str, ...]:
        """One line for each reason, with the Keras layers it holds for."""
        layers = {op.output: op.layer or op.output for op in self.facts.operators}
        reasons: dict[str, list[str]] = {}
        for one in self.model.skipped:
            named = f"{one.operator} {layers.get(one.tensor, one.tensor)}"
            reasons.setdefault(one.reason, []).append(named)
        lines = []
        for reason, operators in reasons.items():
            more = f" and {len(operators) - 4} more" if len(operators) > 4 else ""
            lines.append(f"in float, {reason}: {', '.join(operators[:4])}{more}")
        return tuple(lines)

    def _repr_html_(self) -> str:
        given, made = self.facts.inputs[0], self.facts.outputs[0]
        row = (
            self.file.name,
            megabytes(self.facts.size_bytes),
            self.facts.precision,
            given.dtype,
            made.dtype,
            str(self.model.images),
        )
        header = ("file", "size", "precision", "in", "out", "calibrated on")
        remarks = (*self.left_in_float(), str(self.file))
        return card("quantized", (header, [row]), remarks=remarks, warnings=self.warnings)
