"""Where a quantized file loses its accuracy, why, and what would give it back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.evaluation.compare import Comparison, compare
from edgevision.evaluation.run_file import answers_of, task_of_both, task_of_twin
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.tasks.task import Task
from edgevision.tflite.arithmetic import precision_of
from edgevision.tflite.read import read_model
from edgevision.tflite.view import TfliteModel
from edgevision.verify.diagnosis.cause import Diagnosis
from edgevision.verify.diagnosis.diagnose import diagnose
from edgevision.verify.layers.align import align
from edgevision.verify.layers.influence import Influence, Influences
from edgevision.verify.layers.layer_error import LayerError, Sums
from edgevision.verify.layers.network import Network
from edgevision.verify.layers.snapshot import File, snapshots
from edgevision.verify.same_weights import weight_likeness
from edgevision.verify.what_if.remedy import Change, changes_for

_INFLUENCE_IMAGES, _INFLUENCE_RUNS = 8, 1000
"""Most images, and most runs of the float network, for all layers and images together, but at
least two images: some seconds for MobileNetV2. It is an order of layers that is wanted."""

_LIKE = 0.5
"""Of the weights of a channel, as a cosine: 8 bits leave above 0.99, other weights come near 0."""

_FLOAT = frozenset({"float32", "fp16"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: its errors, and why."""

    error: LayerError
    influence: Influence | None
    """What its own error alone does to the answer; None for layers behind the answer."""
    cause: Diagnosis
    changes: tuple[Change, ...]
    """What may help, to be tried."""

    @property
    def answer_db(self) -> float:
        """See `Influence`; of a layer behind the scores, a softmax, its own SQNR."""
        return self.error.own_sqnr_db if self.influence is None else self.influence.answer_db


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything `verify` says about two files."""

    images: int
    influence_images: int
    """Images that the influences were measured on."""
    layers: tuple[Layer, ...]
    """In the float file's order."""
    unmatched: tuple[str, ...]
    """Layers of the float file that have no counterpart."""
    answers: Comparison
    """What the two files answer on all these images, as deployed."""

    def worst(self, count: int) -> tuple[Layer, ...]:
        """The `count` layers whose own error moves the answer most, the worst first."""
        moving = [layer for layer in self.layers if math.isfinite(layer.answer_db)]
        return tuple(sorted(moving, key=lambda layer: layer.answer_db)[:count])


def read_file(path: Path, preprocessing: ImagePreprocessing) -> File:
    """The `.tflite` at `path`, to be fed by `preprocessing`.

    Raises:
        ModelError: it is missing or damaged.
    """
    model = read_model(path)
    return File(content=path.read_bytes(), model=model, preprocessing=preprocessing)


def explain(
    original: File,
    quantized: File,
    images: ImageSet,
    *,
    task: Task,
    threads: int = 1,
    progress: Progress = silent,
) -> Explanation:
    """Where `quantized` differs from `original` on `images`, and why.

    `task` says what the outputs of `original` mean: which layers move the answer most is told by
    its losses, how far the two agree by its agreement.

    Raises:
        UsageError: the files are not a float model and a quantized one of the same network.
        ModelError: a file does not take these images.
        ImageSetError: an image cannot be decoded, or makes a NaN or infinite activation.
    """
    _check_kinds(original.model, quantized.model)
    aligned = align(original.model, quantized.model)
    if not aligned.pairs:
        message = "the two files have no layer in common"
        raise UsageError(message, hint="give the float .tflite that the other was made from")
    likeness = weight_likeness(original.model, quantized.model, aligned.pairs)
    if likeness is not None and likeness < _LIKE:
        message = f"the two files have other weights: their median cosine is {likeness:.2f}"
        raise UsageError(message, hint="give the float .tflite that the other was made from")
    sums = [
        Sums(pair, (1, *original.model.tensors[pair.float_tensor].shape)[-1])
        for pair in aligned.pairs
    ]
    count = min(len(images), max(2, _INFLUENCE_RUNS // len(aligned.pairs)), _INFLUENCE_IMAGES)
    chosen = {at * len(images) // count for at in range(count)}
    with Influences(
        original.content, original.model, aligned.pairs, task.losses(), threads=threads
    ) as influences:
        for at, snapshot in enumerate(snapshots(original, quantized, aligned.pairs, images)):
            for one in sums:
                one.add(snapshot.layers[one.pair.float_tensor])
            if at in chosen:
                influences.add(snapshot)
            progress(at + 1, len(images), "comparing layers")
        moved = influences.result()
    errors = [one.result() for one in sums]
    network = Network.of(original.model, quantized.model, errors)
    return Explanation(
        images=len(images),
        influence_images=count,
        layers=tuple(_layer(error, moved, network) for error in errors),
        unmatched=aligned.unmatched,
        answers=_answers(original, quantized, images, task, threads=threads, progress=progress),
    )


def _layer(error: LayerError, moved: Mapping[int, Influence], network: Network) -> Layer:
    cause = diagnose(error, network)
    return Layer(
        error=error,
        influence=moved.get(error.pair.float_tensor),
        cause=cause,
        changes=changes_for(error, cause, network),
    )


def _answers(
    original: File,
    quantized: File,
    images: ImageSet,
    task: Task,
    *,
    threads: int,
    progress: Progress,
) -> Comparison:
    twin = task_of_twin(task, quantized.content, quantized.preprocessing)
    before, after = (
        answers_of(
            file.content,
            file.preprocessing,
            of,
            images,
            threads=threads,
            progress=progress,
            stage=stage,
        )
        for file, of, stage in (
            (original, task, "float answers"),
            (quantized, twin, "quantized answers"),
        )
    )
    try:
        both = task_of_both(task, twin, original.content, original.preprocessing)
        return compare(both, after, before)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _check_kinds(original: TfliteModel, quantized: TfliteModel) -> None:
    first, second = precision_of(original), precision_of(quantized)
    if first not in _FLOAT:
        message = f"the first file is {first}, not float"
        raise UsageError(message, hint="edgevision verify float.tflite int8.tflite --data PHOTOS")
    if second in _FLOAT:
        message = f"the second file is {second}: it has no quantized layer"
        raise UsageError(message, hint="edgevision verify float.tflite int8.tflite --data PHOTOS")


def spread(images: ImageSet, count: int) -> ImageSet:
    """At most `count` images, evenly over the set, so that every class folder has its share."""
    total = len(images)
    if total <= count:
        return images
    return replace(images, items=tuple(images.items[i * total // count] for i in range(count)))
