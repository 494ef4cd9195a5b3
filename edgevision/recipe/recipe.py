"""The recipe: every choice of a quantization in one frozen value."""

from dataclasses import dataclass, field
from typing import Literal, NoReturn, get_args

from edgevision.errors import UsageError

Precision = Literal["int8", "dynamic", "fp16", "int16x8"]
InputType = Literal["uint8", "int8", "float32"]
OutputType = Literal["float32", "int8", "uint8"]
RangeMethod = Literal["auto", "min-max", "mean-min-max"]
Switch = Literal["auto", "on", "off"]
"""Of a step of the quantizer; auto: on if it brings answers nearer to the float model's on held-out
images."""
Quality = Literal["fast", "balanced", "best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to quantize: precision, interface, and the steps of integer quantization.

    Example:
        >>> import edgevision as ev
        >>> ev.Recipe(quality="fast", float_operators=("answer",)).is_integer
        True
    """

    precision: Precision = "int8"
    input_type: InputType = "uint8"
    """What the file's image input holds: raw pixels (uint8), pixels minus 128 (int8), or the real
    numbers that preprocessing makes (float32; always so for dynamic and fp16)."""
    output_type: OutputType = "float32"
    quality: Quality = "balanced"
    """How long to try: fast leaves weight rounding out, best tries more ranges."""
    ranges: RangeMethod = "auto"
    """min-max: the extremes over all images. mean-min-max: the mean over images of each image's
    extremes, so that one odd image does not cost all others their resolution. auto: what measures
    best on held-out images, of these and what lies between."""
    clip_saturated: bool = True
    """End the range of an activation function's input where its int8 output no longer changes."""
    bias_correction: bool = True
    """Take the mean error that rounding causes out of the biases, layer by layer."""
    equalization: Switch = "auto"
    """Scale quiet channels up before the convolution that reads them. auto: if it helps."""
    weight_rounding: Switch = "auto"
    """Round weights so that each layer's output is nearest to the float one, not each weight.
    auto: from balanced on, if it helps."""
    rewrite: bool = True
    """Replace operators that have no fast int8 kernel by equal ones that have (hard-swish)."""
    dense_per_channel: bool = True
    """A scale per output of dense layers too; runtimes older than TF 2.17 need False."""
    float_scores: bool = True
    """Leave the softmax or sigmoid behind a float32 output in float: in int8 its scores come in
    steps of 1/256."""
    float_operators: tuple[str, ...] = ()
    """Regular expressions: operators that write a tensor whose name one of them finds stay
    float."""
    seed: int = 0
    steps: dict[str, Switch] = field(default_factory=dict)
    """Any step of `quantize.steps` by its name; one that is named here wins over the field of that
    name above."""

    def __post_init__(self) -> None:
        for name, choices in (
            ("precision", get_args(Precision)),
            ("input_type", get_args(InputType)),
            ("output_type", get_args(OutputType)),
            ("quality", get_args(Quality)),
            ("ranges", get_args(RangeMethod)),
            ("equalization", get_args(Switch)),
            ("weight_rounding", get_args(Switch)),
        ):
            value = getattr(self, name)
            if value not in choices:
                _refuse(f"{name} must be one of {', '.join(choices)}, got {value!r}")
        for name, switch in self.steps.items():
            if switch not in get_args(Switch):
                _refuse(f"steps.{name} must be one of auto, on, off, got {switch!r}")
        if self.precision in {"dynamic", "fp16"} and (
            self.input_type != "float32" or self.output_type != "float32"
        ):
            _refuse(f"precision {self.precision} keeps float32 input and output")

    @property
    def is_integer(self) -> bool:
        """Whether activations are integers too: their ranges come from calibration photos."""
        return self.precision in {"int8", "int16x8"}

    @property
    def is_full_integer(self) -> bool:
        """Whether input and output are int8 as well: for NPUs, which compute nothing in float."""
        return (self.input_type, self.output_type) == ("int8", "int8")

    def switch(self, step: str) -> Switch | None:
        """Whether a step is on, off or to be measured; None where the recipe does not say.

        >>> recipe = Recipe(bias_correction=False, steps={"fold_constants": "off"})
        >>> [recipe.switch(s) for s in ("bias_correction", "fold_constants", "equalization", "x")]
        ['off', 'off', 'auto', None]
        """
        if step in self.steps:
            return self.steps[step]
        if step == "ranges":
            return _RANGE_SWITCHES[self.ranges]
        if step in _ON_OFF:
            return "on" if getattr(self, step) else "off"
        switch: Switch | None = getattr(self, step) if step in _MEASURED else None
        return switch


_ON_OFF = frozenset({"clip_saturated", "bias_correction", "rewrite", "float_scores"})
_MEASURED = frozenset({"equalization", "weight_rounding"})
_RANGE_SWITCHES: dict[RangeMethod, Switch] = {
    "auto": "auto",
    "mean-min-max": "on",
    "min-max": "off",
}
"""Range selection is what goes beyond the extremes."""


def _refuse(message: str) -> NoReturn:
    raise UsageError(message)
