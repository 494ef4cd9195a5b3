"""How to use a given `.tflite`: what its card says, and what the user says in its place."""

from dataclasses import dataclass, replace
from pathlib import Path

from edgevision.card.read import read_card
from edgevision.errors import ModelError
from edgevision.preprocess.declared import Preprocessing, nothing_declared
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.options import declared_of
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.read import read_model

_NOTHING = Preprocessing()
_KEPT_NORMALIZATION = "{} takes integers: its pixels are normalized as its card says"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIO:
    """How photos become a model's input, and what its outputs mean."""

    preprocessing: ImagePreprocessing
    task: TaskSpec | None
    """As the card declares it; None where nothing does (`tasks.resolve` then asks the file)."""
    note: str = ""
    """What was declared and not used, one sentence; empty when all of it was."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The card's, in index order; empty when unknown."""
        return self.task.labels if self.task is not None else ()


def model_io_of(
    path: Path, declared: Preprocessing = _NOTHING, *, without_card: Preprocessing = _NOTHING
) -> ModelIO:
    """How to use the file at `path`: by its card, with what was `declared` in place of that.

    The normalization and colour order of a quantized input are not replaced: what its integers
    stand for was decided with its scale and zero point, and part may lie in the graph. For the
    same reason `without_card` stands in for a card that is missing and never for one that is there.

    Raises:
        UsageError: neither says how photos become the model's input, or what was declared does not
            fit it.
        ModelError: the file is damaged, its card is and was needed, or it does not take one image.
    """
    try:
        card = read_card(path)
    except ModelError:
        if not declared.is_complete:
            raise
        # Enough was declared to do without the card.
        card = None
    if card is None and declared.preset is None:
        declared = declared.over(without_card)
    note = ""
    if card is not None and not _takes_reals(path):
        rest = replace(declared, preset=None, mean=None, std=None, color=None)
        note, declared = "" if rest == declared else _KEPT_NORMALIZATION.format(path.name), rest
    if card is not None and declared == _NOTHING:
        return ModelIO(preprocessing=card.preprocessing, task=card.task, note=note)
    if card is not None and not declared.is_complete:
        declared = declared.over(declared_of(card.preprocessing))
    if not declared.is_complete:
        raise nothing_declared(declared, model=path.name)
    height, width, channels = _image_shape(path)
    preprocessing = declared.preprocessing(width=width, height=height, channels=channels)
    return ModelIO(preprocessing=preprocessing, task=card.task if card else None, note=note)


def _takes_reals(path: Path) -> bool:
    model = read_model(path)
    return all(model.tensors[index].dtype.startswith("float") for index in model.inputs)


def _image_shape(path: Path) -> tuple[int, int, int]:
    model = read_model(path)
    shapes = [model.tensors[index].shape for index in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        listed = ", ".join(str(list(shape)) for shape in shapes) or "none"
        message = f"{path.name} does not take one image: its inputs have the shapes {listed}"
        raise ModelError(message)
    _batch, height, width, channels = shapes[0]
    return height, width, channels
