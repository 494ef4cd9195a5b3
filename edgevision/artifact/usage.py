"""How to feed a given `.tflite`: what its card says, and what the user says in its place."""

from dataclasses import dataclass
from pathlib import Path

from edgevision.artifact.model import read_model
from edgevision.artifact.reading import read_card
from edgevision.errors import ModelError
from edgevision.preprocess.contract import Contract
from edgevision.preprocess.options import of_contract
from edgevision.preprocess.preprocessing import Preprocessing

_NOTHING = Preprocessing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What it takes to run a classifier on photos."""

    contract: Contract
    labels: tuple[str, ...]


def usage_of(
    path: Path, said: Preprocessing = _NOTHING, *, without_card: Preprocessing = _NOTHING
) -> Usage:
    """How to use the file at `path`: by its card, with each value that was `said` in place of its.

    `without_card` stands in for a card that is missing, and never for one that is there: the
    normalization of the original model may lie in the file's graph already.

    Raises:
        UsageError: neither says how photos become the model's input, or what was said does not
            fit it.
        ModelError: the file is damaged, its card is and was needed, or it does not take one image.
    """
    try:
        card = read_card(path)
    except ModelError:
        if not said.is_complete:
            raise
        # Enough was said to do without the card.
        card = None
    if card is None and said.preset is None:
        said = said.over(without_card)
    if card is not None and said == _NOTHING:
        return Usage(contract=card.contract, labels=card.labels)
    if card is not None and not said.is_complete:
        said = said.over(of_contract(card.contract))
    height, width, channels = _image_shape(path)
    contract = said.contract(width=width, height=height, channels=channels)
    return Usage(contract=contract, labels=card.labels if card else ())


def _image_shape(path: Path) -> tuple[int, int, int]:
    model = read_model(path)
    shapes = [model.tensors[index].shape for index in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        listed = ", ".join(str(list(shape)) for shape in shapes) or "none"
        message = f"{path.name} does not take one image: its inputs have the shapes {listed}"
        raise ModelError(message)
    _batch, height, width, channels = shapes[0]
    return height, width, channels
