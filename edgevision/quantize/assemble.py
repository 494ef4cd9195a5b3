"""The integer file from statistics alone: ranges, scales, corrections, and the graph written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from edgevision.preprocess.contract import Contract
from edgevision.quantize import affine
from edgevision.quantize.bias_correction import correct_biases
from edgevision.quantize.graph import Graph, Scales
from edgevision.quantize.graph_writer import to_bytes
from edgevision.quantize.lower import Face, Plan, lower
from edgevision.quantize.observe import Statistics
from edgevision.quantize.plan import (
    Range,
    Skipped,
    choose_scales,
    integer_operators,
    prescribed_scales,
)
from edgevision.quantize.prepare import Prepared
from edgevision.quantize.ranges import never_clipped, observed_ranges
from edgevision.recipe.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizedModel:
    """A quantized `.tflite`, and what was decided on the way."""

    content: bytes
    contract: Contract
    """Preprocessing of this file: with integer input, what its scale and zero point say. The
    remainder of the model's normalization, if any, is inside the graph."""
    recipe: Recipe
    skipped: tuple[Skipped, ...] = ()
    """Operators left in float, with the reason."""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    """Tensor name -> real values its integers represent."""
    images: int = 0
    """Calibration images seen."""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


IntegerPart: TypeAlias = "tuple[frozenset[int], tuple[Skipped, ...]]"


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
    return integer_operators(graph, bits=bits_of(recipe), refused={**asked, **refused})


def bits_of(recipe: Recipe) -> int:
    """Bits of an activation under `recipe`."""
    return 16 if recipe.precision == "int16x8" else 8


def assemble(
    prepared: Prepared, statistics: Statistics, recipe: Recipe, integer: IntegerPart
) -> tuple[QuantizedModel, tuple[int, ...]]:
    """The integer file from statistics alone, and where each float operator stands in it."""
    graph, (operators, skipped) = prepared.graph, integer
    bits = bits_of(recipe)
    ranges = observed_ranges(statistics, recipe.ranges, whole=never_clipped(graph))
    fixed = prescribed_scales(graph, operators, bits=bits)
    image = graph.inputs[prepared.image_input]
    if recipe.input_type != "float32":
        fixed[image] = pixel_scales(prepared.contract, bits=bits)
    scales = choose_scales(graph, operators, ranges, fixed=fixed, bits=bits)
    for t in (*graph.inputs, *graph.outputs):
        if graph.is_float(t) and t not in scales:
            scales[t] = fixed.get(t) or affine.activation_scales(*ranges[t], bits=bits)
    interface = _interface(prepared, recipe, scales, ranges)
    if recipe.bias_correction:
        graph = correct_biases(
            graph,
            operators,
            statistics.mean,
            scales,
            dense_per_channel=recipe.dense_per_channel,
        )
    lowered = lower(
        graph,
        Plan(
            scales=scales,
            integer=operators,
            bits=bits,
            dense_per_channel=recipe.dense_per_channel,
            interface=interface,
        ),
    )
    made = QuantizedModel(
        content=to_bytes(lowered.graph),
        contract=prepared.contract,
        recipe=recipe,
        skipped=skipped,
        ranges={graph.tensors[t].name: represented(scales[t], bits) for t in scales},
    )
    return made, lowered.position


def pixel_scales(contract: Contract, *, bits: int) -> Scales:
    """Scale and zero point with which the integers are the pixels, shifted.

    By 128 with 8 bits, by the contract's mean with 16 (whose zero point must be 0).
    """
    zero_point = 0 if bits == 16 else round(contract.channel_mean[0]) - 128
    return affine.scalar_scales(1 / contract.channel_std[0], zero_point)


def represented(scales: Scales, bits: int) -> Range:
    """The real values of the smallest and the largest integer."""
    step, zero = float(scales.scale[0]), int(scales.zero_point[0])
    return (-(2 ** (bits - 1)) - zero) * step, (2 ** (bits - 1) - 1 - zero) * step


def _interface(
    prepared: Prepared, recipe: Recipe, scales: Mapping[int, Scales], ranges: Mapping[int, Range]
) -> dict[int, Face]:
    """The inputs and outputs that the caller sees as integers, with their scales."""
    graph, wide = prepared.graph, bits_of(recipe) == 16
    image = graph.inputs[prepared.image_input]
    faces: dict[int, Face] = {}

    def show(t: int, kind: str, int8_scales: Scales) -> None:
        shift = 128 if kind == "uint8" else 0
        faces[t] = Face(
            dtype=np.dtype(kind),
            scales=replace(int8_scales, zero_point=int8_scales.zero_point + shift),
        )

    if recipe.input_type != "float32":
        show(image, recipe.input_type, pixel_scales(prepared.contract, bits=8))
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
