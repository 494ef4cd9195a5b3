"""Deciding the integer graph from statistics: operators, ranges, scales, interface."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.assign import affine
from edgevision.quantize.assign.integer_plan import IntegerPlan, InterfaceType
from edgevision.quantize.assign.scales import (
    FloatOperator,
    Range,
    choose_scales,
    integer_operators,
    prescribed_scales,
)
from edgevision.quantize.assign.score_operators import REASON, score_operators
from edgevision.quantize.calibrate.prepare import Prepared
from edgevision.quantize.calibrate.ranges import never_clipped, observed_ranges
from edgevision.quantize.calibrate.saturation import saturated_ranges
from edgevision.quantize.calibrate.statistics import Statistics
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.graph import Graph, QuantParams

IntegerPart: TypeAlias = "tuple[frozenset[int], tuple[FloatOperator, ...]]"


def integer_part(
    graph: Graph, recipe: Recipe, refused: Mapping[int, str] = MappingProxyType({})
) -> IntegerPart:
    """Which operators run in integers under `recipe`, and which not, with the reason."""
    patterns = [re.compile(pattern) for pattern in recipe.float_operators]
    asked = {
        at: "asked for by the recipe"
        for at, op in enumerate(graph.operators)
        if op.outputs and any(p.search(graph.tensors[op.outputs[0]].name) for p in patterns)
    }
    scores = frozenset[int]()
    if recipe.float_scores and recipe.output_type == "float32" and bits_of(recipe) == 8:
        scores = score_operators(graph)
    return integer_operators(
        graph,
        bits=bits_of(recipe),
        refused={**dict.fromkeys(scores, REASON), **asked, **refused},
    )


def bits_of(recipe: Recipe) -> int:
    """Bits of an activation under `recipe`."""
    return 16 if recipe.precision == "int16x8" else 8


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
    widening: float,
) -> IntegerDesign:
    """The integer graph that `statistics` and `recipe` call for; `widening` as for ranges."""
    graph, (operators, skipped) = prepared.graph, integer
    bits = bits_of(recipe)
    whole = never_clipped(graph)
    ranges = observed_ranges(statistics, widening, whole=whole)
    if recipe.clip_saturated and bits == 8:
        ranges = saturated_ranges(graph, ranges, integer=operators, whole=whole)
    fixed = prescribed_scales(graph, operators, bits=bits)
    image = graph.inputs[prepared.image_input]
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
        skipped=skipped,
    )


def pixel_scales(preprocessing: ImagePreprocessing, *, bits: int) -> QuantParams:
    """Scale and zero point with which the integers are the pixels, shifted.

    By 128 with 8 bits, by the contract's mean with 16 (whose zero point must be 0).
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
    image = graph.inputs[prepared.image_input]
    faces: dict[int, InterfaceType] = {}

    def show(t: int, kind: str, int8_scales: QuantParams) -> None:
        shift = 128 if kind == "uint8" else 0
        faces[t] = InterfaceType(
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
    return faces
