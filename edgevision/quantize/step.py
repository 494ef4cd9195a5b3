"""The shape of the quantizer's algorithms: each is a step, a value with a name and functions.

A step says where it applies, which statistics of the float model it needs, and what it changes. Its
kind says when: `RewriteStep` before the model is observed, `FloatStep` when operators are assigned
to a precision, `SiteStep` and `TransformStep` on the observed float model, `RangeStep` between its
statistics and the scales, `LayerStep` on the layers of the integer graph. `quantize.steps` holds
them in their order; a recipe switches each by its name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.assign.affine import Range
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.calibrate.prepared import Prepared
from edgevision.quantize.calibrate.statistics import Statistics
from edgevision.recipe.recipe import Recipe, Switch
from edgevision.tensors import FloatArray
from edgevision.tflite.graph import Graph, Operator, OperatorId, QuantParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a step is asked about: a float graph, and what becomes of it."""

    graph: Graph
    integer: frozenset[OperatorId] = frozenset()
    """The operators that run in integers; empty before they are assigned."""
    recipe: Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """Statistics that a step needs beside the extremes of every activation in integers."""

    by_channel: tuple[int, ...] = ()
    """Tensors whose extremes are to be noted channel by channel."""
    mean_inputs: tuple[OperatorId, ...] = ()
    """Operators whose mean input is to be noted, tap by tap."""


NOTHING = Observations()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An algorithm of the quantizer."""

    name: str
    """Its switch in a recipe."""
    label: str = ""
    """What a trial in which it is on is called; empty for what goes without saying."""
    default: Switch = "on"
    """Where the recipe does not say."""
    follows: str = ""
    """Another step, whose switch is this one's where the recipe does not say."""
    applies: Callable[[Scope], bool] = lambda _: True
    """Whether it can do anything."""
    observe: Callable[[Scope], Observations] = lambda _: NOTHING

    def switch(self, scope: Scope) -> Switch:
        """Whether it is on, off or to be measured."""
        recipe = scope.recipe
        switch = recipe.switch(self.name)
        if switch is None and self.follows:
            switch = recipe.switch(self.follows)
        if switch == "off":
            return "off"
        return (switch or self.default) if self.applies(scope) else "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteStep(Step):
    """An exact rewrite of the float model before it is observed; "auto" is "on"."""

    apply: Callable[[Prepared], Prepared]


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatStep(Step):
    """Leaves operators in float; "auto" is "on"."""

    apply: Callable[[Graph], Mapping[OperatorId, str]]
    """Operators to leave in float, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place where a `SiteStep` can be done, at the price of an operator."""

    tensor: int
    elements: int
    """That the added operator computes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStep(Step):
    """An exact rewrite that costs time wherever it is done: measured and decided site by site."""

    sites: Callable[[CalibratedModel], tuple[Site, ...]]
    apply: Callable[[CalibratedModel, int], CalibratedModel]
    """At the site of a tensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformStep(Step):
    """An exact rewrite of the observed float model and its statistics; measured as a whole."""

    apply: Callable[[CalibratedModel], CalibratedModel]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRanges:
    """The range that each activation of the integer part shall represent, while it is decided."""

    graph: Graph
    statistics: Statistics
    integer: frozenset[OperatorId]
    never_clipped: frozenset[int]
    """Tensors that decide the answer."""
    widening: float
    """How far from the typical extremes (0) to those over all images (1) ranges shall reach."""
    ranges: Mapping[int, Range]


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeStep(Step):
    """Changes the range that tensors represent."""

    apply: Callable[[TensorRanges], TensorRanges]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerLayer:
    """A convolution or dense layer of the integer graph, while its constants are decided."""

    graph: Graph
    """The float graph."""
    op: Operator
    """Of the float graph."""
    scales: QuantParams
    """Of the weights."""
    integers: NDArray[np.int8]
    """The weights, in the layout of the operator."""
    input_step: float
    input_zero: int
    inputs: Sequence[NDArray[Any]] = ()
    """The integers that it reads for each image, from the corrected layers before it; empty when
    only an estimate is wanted."""
    mean_inputs: FloatArray | None
    """(images, taps..., channels) what the float layer reads; None when that was not observed."""
    bias_shift: NDArray[np.float64] | None = None
    """(output channels,) what to add to the bias, in real numbers."""
    seed: int

    @property
    def weights(self) -> FloatArray:
        """Of the float layer."""
        return self.graph.known(self.op.inputs[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerStep(Step):
    """Changes the constants of integer layers, one by one, upstream first."""

    apply: Callable[[IntegerLayer], IntegerLayer]
    estimate: Callable[[IntegerLayer], IntegerLayer] | None = None
    """Most of it from statistics alone, where ranges and rewrites are compared; None: nothing."""
    is_slow: bool = False
    """Whether it is left out where many files are tried."""
    leaves_out: Callable[[Graph, Operator], str] = lambda _graph, _op: ""
    """Why the layer of a float graph cannot be taken; empty when it can."""


Kind = TypeVar("Kind", bound=Step)


def steps_on(steps: Sequence[Step], kind: type[Kind], scope: Scope) -> tuple[Kind, ...]:
    """Those of one kind that are on without being measured."""
    return tuple(s for s in steps if isinstance(s, kind) and is_on(s, scope))


def is_on(step: Step, scope: Scope) -> bool:
    """Whether it is on without being measured."""
    switch = step.switch(scope)
    never_measured = isinstance(step, RewriteStep | FloatStep)
    return switch == "on" or (switch == "auto" and never_measured)


def steps_open(steps: Sequence[Step], kind: type[Kind], scope: Scope) -> tuple[Kind, ...]:
    """Those of one kind that are to be measured."""
    return tuple(s for s in steps if isinstance(s, kind) and s.switch(scope) == "auto")


def observations(steps: Sequence[Step], scope: Scope) -> Observations:
    """What all steps that may come up need."""
    needed = [s.observe(scope) for s in steps if s.switch(scope) != "off"]
    return Observations(
        by_channel=tuple(dict.fromkeys(t for one in needed for t in one.by_channel)),
        mean_inputs=tuple(dict.fromkeys(op for one in needed for op in one.mean_inputs)),
    )
