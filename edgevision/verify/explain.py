"""The whole explanation of an integer file: layers, flipped answers, and what a fix would bring."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgevision.artifact.layers import layer_names
from edgevision.artifact.model import read_model
from edgevision.preprocess.contract import Contract
from edgevision.progress import Progress, silent
from edgevision.quantize.choose import Choice, divide, make
from edgevision.quantize.design import integer_part
from edgevision.quantize.graph_reader import read_graph
from edgevision.quantize.quantize import Images, stock_of
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.feed import Feed
from edgevision.runtime.predict import scores_of
from edgevision.runtime.session import Session, usable_cpus
from edgevision.tensors import FloatArray, Pixels
from edgevision.verify.layers import LayerError, layer_errors

WORST = 5
"""Layers that are named, and whose fix is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """An image whose answer is another one in integers."""

    image: str
    float_class: int
    integer_class: int
    float_margin: float
    """Float score of its class over that of the integer model's: small means it was close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What leaving one layer in float would bring, measured by quantizing again without it."""

    tensor: str
    loss: float
    """Mean divergence from the float answers with all layers in integers."""
    loss_without: float
    """The same with this layer in float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where, why and with what consequence an integer file departs from its float original."""

    layers: tuple[LayerError, ...]
    """In the network's order."""
    names: tuple[str, ...]
    """Keras layer of each of `layers`; empty when the file does not tell."""
    worst: tuple[int, ...]
    """Places in `layers` of those that lose most, worst first."""
    flips: tuple[Flip, ...]
    images: int
    effects: tuple[Effect, ...]


def explain(
    float_model: Path,
    integer_model: Path,
    *,
    contracts: tuple[Contract, Contract],
    images: Images,
    ids: Iterable[str],
    measure_fixes: bool = True,
    progress: Progress = silent,
) -> Explanation:
    """Hold `integer_model` against `float_model` layer by layer.

    Args:
        float_model: the original `.tflite`.
        integer_model: what was made of it.
        contracts: preprocessing of the one and of the other.
        images: pixels under either contract (they differ in normalization only).
        ids: name of each image.
        measure_fixes: also quantize again with each of the worst layers in float.
        progress: told how far it is.

    Raises:
        ModelError: the files do not belong together.
    """
    graph, integer = (read_graph(path.read_bytes()) for path in (float_model, integer_model))
    progress(0, 3, "explaining")
    found = layer_errors(graph, integer, _both(float_model, integer_model, contracts, images()))
    named = layer_names(read_model(float_model))
    worst = worst_layers(found)
    progress(1, 3, "explaining")
    flips = _flips(
        _scores(float_model, contracts[0], images()),
        _scores(integer_model, contracts[1], images()),
        tuple(ids),
    )
    progress(2, 3, "explaining")
    effects: tuple[Effect, ...] = ()
    if measure_fixes:
        positions = [found[at].position for at in worst]
        effects = _effects(float_model, contracts[0], images, positions)
    progress(3, 3, "explaining")
    return Explanation(
        layers=found,
        names=tuple(named[layer.position] for layer in found),
        worst=worst,
        flips=flips[0],
        images=flips[1],
        effects=effects,
    )


def worst_layers(found: tuple[LayerError, ...]) -> tuple[int, ...]:
    """Places of the layers that lose most of what reached them, worst first.

    A loss counts by the noise it adds: from 40 to 30 dB adds less than from 20 to 15.
    """
    added = [10 ** (-e.sqnr_db / 10) - 10 ** (-e.input_sqnr_db / 10) for e in found]
    order = np.argsort(-np.asarray(added), kind="stable")[:WORST]
    return tuple(int(at) for at in order if added[at] > 0)


def _both(
    float_model: Path,
    integer_model: Path,
    contracts: tuple[Contract, Contract],
    images: Iterable[object],
) -> Iterator[tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]]:
    with Session(float_model) as one, Session(integer_model) as other:
        given = Feed(one.inputs[0], contracts[0])
        fed = Feed(other.inputs[0], contracts[1])
    for pixels in images:
        image: Pixels = np.asarray(pixels)
        yield (given(image),), (fed(image),)


def _scores(model: Path, contract: Contract, images: Iterable[object]) -> FloatArray:
    with Session(model, threads=usable_cpus()) as session:
        return scores_of(session, contract, (np.asarray(pixels) for pixels in images))


def _flips(
    reference: FloatArray, ours: FloatArray, ids: tuple[str, ...]
) -> tuple[tuple[Flip, ...], int]:
    wanted, got = reference.argmax(axis=1), ours.argmax(axis=1)
    flips = tuple(
        Flip(
            image=ids[at],
            float_class=int(wanted[at]),
            integer_class=int(got[at]),
            float_margin=float(reference[at, wanted[at]] - reference[at, got[at]]),
        )
        for at in np.flatnonzero(wanted != got)
    )
    return flips, len(ids)


def _effects(
    float_model: Path, contract: Contract, images: Images, positions: list[int]
) -> tuple[Effect, ...]:
    recipe = Recipe(quality="fast", ranges="mean-min-max")
    graph = read_graph(float_model.read_bytes())
    # The positions of the file as given, found again by name after its normalization is folded.
    names = [graph.tensors[graph.operators[at].outputs[0]].name for at in positions]
    stock = stock_of(graph, contract=contract, images=images, recipe=recipe)
    folded = stock.prepared.graph
    making, judge = divide(stock)
    choice = Choice(widening=0.0)
    made = make(making, recipe, choice, rough=True)
    loss = judge.loss(made.graph, made.position)
    effects = []
    for name in names:
        at = [
            place
            for place, op in enumerate(folded.operators)
            if folded.tensors[op.outputs[0]].name == name
        ]
        without = integer_part(folded, recipe, dict.fromkeys(at, "to see what it costs"))
        made = make(replace(making, integer=without), recipe, choice, rough=True)
        loss_without = judge.loss(made.graph, made.position)
        effects.append(Effect(tensor=name, loss=loss, loss_without=loss_without))
    return tuple(effects)
