"""The task of models whose answer has no declared meaning: numbers, and how far they are off.

No number is passed off as a class, no share of "same answers" is claimed: what is said of each
output is its signal to noise ratio, its cosine and its error, in the unit of that output.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from edgevision.errors import ModelError, UsageError
from edgevision.metrics.bootstrap import bootstrap_mean, bootstrap_ratio
from edgevision.metrics.estimate import Estimate
from edgevision.metrics.signal import Differences, differences, noise_share
from edgevision.tasks.answer import LabelledItem
from edgevision.tasks.answers import Answers
from edgevision.tasks.drawing import write_lines
from edgevision.tasks.figures import Agreement, Evaluation, Metric, Paired
from edgevision.tasks.interface import (
    Condensed,
    FrameSize,
    ModelInterface,
    OutputInterface,
    Outputs,
)
from edgevision.tasks.loss import OutputLoss
from edgevision.tasks.spec import TaskSpec
from edgevision.tensors import FloatArray, RgbImage

_FEW = 16
"""Values of an output that are listed one by one; of more, the least, the mean and the largest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TensorValues:
    """The numbers of every output."""

    items: ClassVar[tuple[LabelledItem, ...]] = ()

    frame: FrameSize
    names: tuple[str, ...]
    values: tuple[FloatArray, ...]
    """Without the batch axis."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Each output's name and values; of more than 16 values least, largest and mean."""
        return tuple(
            f"{name} {_text(values)}" for name, values in zip(self.names, self.values, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """{"outputs": [{"name", "shape", "values"}]}; of more than 16 values min, mean, max."""
        return {
            "outputs": [
                {"name": name, "shape": list(values.shape), **_summary(values)}
                for name, values in zip(self.names, self.values, strict=True)
            ]
        }

    def draw(self, picture: RgbImage, notes: Sequence[str] = ()) -> RgbImage:
        """One line of text for each output, from the top left."""
        canvas = picture.copy()
        write_lines(canvas, [*self.lines, *notes])
        return canvas


def _summary(values: FloatArray) -> dict[str, Any]:
    if values.size <= _FEW:
        return {"values": [_number(value) for value in values.reshape(-1)]}
    return {
        "min": _number(values.min()),
        "mean": _number(values.mean(dtype=np.float64)),
        "max": _number(values.max()),
    }


def _number(value: Any) -> float | None:
    # JSON has neither NaN nor infinity.
    return float(f"{float(value):.6g}") if math.isfinite(value) else None


def _text(values: FloatArray) -> str:
    if values.size <= _FEW:
        return " ".join(f"{value:.4g}" for value in values.reshape(-1))
    return f"{values.min():.4g} .. {values.max():.4g}, mean {values.mean(dtype=np.float64):.4g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensors:
    """Any outputs, as numbers: `build` makes it. No options, no labels, no truth."""

    truth: ClassVar[None] = None
    label_count: ClassVar[int] = 0
    options: ClassVar[tuple[str, ...]] = ()

    spec: TaskSpec
    outputs: tuple[OutputInterface, ...]
    names: tuple[str, ...]
    """One an output, each once."""

    @classmethod
    def build(cls, spec: TaskSpec, model: ModelInterface) -> Self:
        """The outputs of any model that has one."""
        spec.refuse_unknown_options(cls.options)
        if not model.outputs:
            raise ModelError("the model has no outputs")
        names = _distinct([output.name for output in model.outputs])
        # Without labels: a card should not name classes where nobody said that there are any.
        return cls(spec=replace(spec, labels=()), outputs=model.outputs, names=names)

    def condense(self, outputs: Outputs) -> Condensed:
        """The outputs themselves."""
        return Condensed(outputs)

    def decode(self, condensed: Condensed, frame: FrameSize) -> TensorValues:
        """The values of every output."""
        return TensorValues(frame=frame, names=self.names, values=tuple(condensed))

    def evaluate(self, answers: Answers) -> Evaluation:  # noqa: ARG002 - as Task
        """Nothing: numbers without a meaning are neither right nor wrong."""
        _refuse()

    def agreement(self, ours: Answers, reference: Answers) -> Agreement:
        """The worst output's signal to noise ratio; of each output that, cosine and errors."""
        found = [
            differences(a, b) for a, b in zip(ours.condensed, reference.condensed, strict=True)
        ]
        ratios = [_sqnr(one) for one in found]
        worst = min(range(len(ratios)), key=lambda at: ratios[at].value)
        metrics = [
            Metric(
                name="worst_sqnr_db",
                title="signal to noise of the worst output",
                short="worst SQNR",
                estimate=ratios[worst],
                unit="dB",
            )
        ]
        each = zip(self.names, ratios, found, reference.condensed, strict=True)
        for name, ratio, one, values in each:
            # Of a number alone the direction says nothing.
            has_direction = math.prod(values.shape[1:]) > 1
            metrics += _metrics(name, ratio, one, has_direction=has_direction)
        return Agreement(
            images=len(ours),
            metrics=tuple(metrics),
            meaning=f"signal to noise ratio of {self.names[worst]}, the output that is furthest "
            "from the reference",
            doubts=tuple(
                f"the errors of {name} ({one.mean_error.mean():.3g} in the mean) are larger than "
                "what tells the images apart: it does not follow the reference"
                for name, one in zip(self.names, found, strict=True)
                if _is_lost(one)
            ),
        )

    def paired(self, ours: Answers, reference: Answers) -> Paired:  # noqa: ARG002 - as Task
        """Nothing: numbers without a meaning are neither right nor wrong."""
        _refuse()

    def losses(self) -> tuple[OutputLoss, ...]:
        """The noise's share of the signal's power, of every output in real numbers alike."""
        return tuple(
            OutputLoss(output=at, before_activation=False, function=noise_share)
            for at, output in enumerate(self.outputs)
            if output.dtype.startswith("float")
        )


_FEWEST_IMAGES = 8
"""Of fewer it is chance how much they differ."""


def _is_lost(found: Differences) -> bool:
    # Where the mean is far from zero (an age) one answer to all images has a fair SQNR as well.
    return len(found.noise) >= _FEWEST_IMAGES and found.noise.sum() > found.variation.sum()


def _refuse() -> NoReturn:
    message = "the model's outputs have no declared meaning, so nothing can be right or wrong"
    hint = "declare it, as with --task classification, or compare it: --against FLOAT.tflite"
    raise UsageError(message, hint=hint)


def _distinct(names: list[str]) -> tuple[str, ...]:
    """The names, numbered where one is empty or there twice."""
    return tuple(
        name if name and names.count(name) == 1 else f"{name or 'output'}:{at}"
        for at, name in enumerate(names)
    )


def _sqnr(found: Differences) -> Estimate:
    # The interval of the noise's share, in dB: a draw without noise would be infinitely good.
    share = bootstrap_ratio(found.noise, found.signal)
    value, low, high = (_decibels(end) for end in (share.value, share.high, share.low))
    return replace(share, value=value, low=low, high=high)


def _decibels(share: float | None) -> float:
    if share is None or math.isnan(share):
        return math.nan
    return -10 * math.log10(share) if share > 0 else math.inf


def _metrics(
    name: str, ratio: Estimate, found: Differences, *, has_direction: bool
) -> list[Metric]:
    worst = Estimate(value=float(found.max_error.max(initial=0.0)))
    errors = {
        "mean_error": ("mean absolute error", "mean error", bootstrap_mean(found.mean_error)),
        "max_error": ("largest absolute error", "largest error", worst),
    }
    power = Metric(
        name=f"{name}.sqnr_db",
        title=f"{name}: signal to noise",
        short=f"{name}: SQNR",
        estimate=ratio,
        unit="dB",
    )
    cosine = Metric(
        name=f"{name}.cosine",
        title=f"{name}: mean cosine",
        short=f"{name}: cosine",
        estimate=bootstrap_mean(found.cosine),
        unit="",
    )
    return [
        power,
        *([cosine] if has_direction else []),
        *(
            Metric(
                name=f"{name}.{key}",
                title=f"{name}: {title}",
                short=f"{name}: {short}",
                estimate=estimate,
                unit="",
                higher_is_better=False,
            )
            for key, (title, short, estimate) in errors.items()
        ),
    ]
