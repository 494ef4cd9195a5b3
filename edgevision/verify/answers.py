"""What a file answers on images, as on the device."""

from edgevision.dataset.imageset import ImageSet
from edgevision.predictions import Predictions
from edgevision.progress import Progress, silent
from edgevision.runtime.predict import predict
from edgevision.runtime.session import Session
from edgevision.tflite.view import TfliteModel
from edgevision.verify.layers.snapshot import File


def is_classifier(model: TfliteModel) -> bool:
    """Whether it has one image in and one row of scores out."""
    shapes = [model.tensors[index].shape for index in model.outputs]
    return len(model.inputs) == 1 and len(shapes) == 1 and len(shapes[0]) == 2


def answers_of(
    file: File, images: ImageSet, *, threads: int = 1, progress: Progress = silent, stage: str = ""
) -> Predictions:
    """Scores on every image, by the fast kernels, as on the device."""
    with Session(file.content, threads=threads) as session:
        return predict(session, file.preprocessing, images, progress=progress, stage=stage)
