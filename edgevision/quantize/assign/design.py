"""Deciding the integer graph from statistics: operators, ranges, scales, interface."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.assign import affine
from edgevision.quantize.assign.affine import Range
from edgevision.quantize.assign.integer_part import FloatOperator, IntegerPart, bits_of
from edgevision.quantize.assign.integer_plan import IntegerPlan, InterfaceType
from edgevision.quantize.assign.scales import choose_scales, prescribed_scales
from edgevision.quantize.calibrate.prepared import Prepared
from edgevision.quantize.calibrate.ranges import min_max, never_clipped
from edgevision.quantize.calibrate.statistics import Statistics
from edgevision.quantize.step import RangeStep, TensorRanges
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.graph import Graph, QuantParams


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerDesign:
    """An integer graph decided but not written yet."""

    graph: Graph
    """The float graph it is of."""
    plan: IntegerPlan
    skipped: tuple[FloatOperator, ...]

    @property
    def ranges(self) -> dict[str, Range]:
        """Tensor name -> real values its integers represent."""
        return {
            self.graph.tensors[t].name: represented(scales, self.plan.bits)
            for t, scales in self.plan.scales.items()
        }


def design(
    prepared: Prepared,
    statistics: Statistics,
    recipe: Recipe,
    integer: IntegerPart,
    *,
    steps: Sequence[RangeStep],
    widening: float = 1.0,
) -> IntegerDesign:
    """The integer graph that `statistics` and `recipe` call for.

    Args:
        prepared: the float graph.
        statistics: of it.
        recipe: precision and interface.
        integer: which operators run in integers.
        steps: what is done to the extremes to make ranges of them.
        widening: see `TensorRanges`.
    """
    graph, operators = prepared.graph, integer.operators
    bits = bits_of(recipe)
    decided = TensorRanges(
        graph=graph,
        statistics=statistics,
        integer=operators,
        never_clipped=never_clipped(graph),
        widening=widening,
        ranges={t: min_max(statistics, t) for t in statistics.low},
    )
    for step in steps:
        decided = step.apply(decided)
    ranges = decided.ranges
    fixed = prescribed_scales(graph, operators, bits=bits)
    image = prepared.image
    if recipe.input_type != "float32":
        fixed[image] = pixel_scales(prepared.preprocessing, bits=bits)
    scales = choose_scales(graph, operators, ranges, fixed=fixed, bits=bits)
    for t in (*graph.inputs, *graph.outputs):
        if graph.is_float(t) and t not in scales:
            scales[t] = fixed.get(t) or affine.activation_scales(*ranges[t], bits=bits)
    return IntegerDesign(
        graph=graph,
        plan=IntegerPlan(
            scales=scales,
            integer=operators,
            bits=bits,
            dense_per_channel=recipe.dense_per_channel,
            interface=_interface(prepared, recipe, scales, ranges),
        ),
        skipped=integer.float_operators(graph),
    )


def pixel_scales(preprocessing: ImagePreprocessing, *, bits: int) -> QuantParams:
    """Scale and zero point with which the integers are the pixels, shifted.

    By 128 with 8 bits, by the preprocessing's mean with 16 (whose zero point must be 0).
    """
    zero_point = 0 if bits == 16 else round(preprocessing.channel_mean[0]) - 128
    return affine.scalar_scales(1 / preprocessing.channel_std[0], zero_point)


def represented(scales: QuantParams, bits: int) -> Range:
    """The real values of the smallest and the largest integer."""
    step, zero = float(scales.scale[0]), int(scales.zero_point[0])
    return (-(2 ** (bits - 1)) - zero) * step, (2 ** (bits - 1) - 1 - zero) * step


def _interface(
    prepared: Prepared,
    recipe: Recipe,
    scales: Mapping[int, QuantParams],
    ranges: Mapping[int, Range],
) -> dict[int, InterfaceType]:
    """The inputs and outputs that the caller sees as integers, with their scales."""
    graph, wide = prepared.graph, bits_of(recipe) == 16
    image = prepared.image
    interface: dict[int, InterfaceType] = {}

    def show(t: int, kind: str, int8_scales: QuantParams) -> None:
        shift = 128 if kind == "uint8" else 0
        interface[t] = InterfaceType(
            dtype=np.dtype(kind),
            scales=replace(int8_scales, zero_point=int8_scales.zero_point + shift),
        )

    if recipe.input_type != "float32":
        show(image, recipe.input_type, pixel_scales(prepared.preprocessing, bits=8))
    for types, tensors in (
        (recipe.input_type, [t for t in graph.inputs if t != image]),
        (recipe.output_type, graph.outputs),
    ):
        # Only the image input comes as uint8; the others follow when everything is to be int8.
        if types == "float32" or (types == "uint8" and tensors is not graph.outputs):
            continue
        for t in tensors:
            if graph.is_float(t):
                narrow = affine.activation_scales(*ranges[t]) if wide else scales[t]
                show(t, types, narrow)
    return interface
