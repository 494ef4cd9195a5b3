"""A model's real outputs on pictures, one picture in memory at a time."""

from collections.abc import Iterable, Iterator

from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tasks.interface import FrameSize, Outputs
from edgevision.tensors import Pixels, RgbImage


def frame_of(picture: RgbImage) -> FrameSize:
    """Size of a picture as it was taken: what places in an answer are pixels of."""
    return FrameSize(width=picture.shape[1], height=picture.shape[0])


def pixels_of(
    images: ImageSet,
    preprocessing: ImagePreprocessing,
    progress: Progress = silent,
    stage: str = "reading",
) -> Iterator[tuple[Pixels, FrameSize]]:
    """Each image's pixels under `preprocessing`, and its size; decoded as they are drawn.

    Raises:
        ImageSetError: an image cannot be decoded.
    """
    progress(0, len(images), stage)
    for done, item in enumerate(images, start=1):
        picture = images.load(item)
        yield to_pixels(picture, preprocessing), frame_of(picture)
        progress(done, len(images), stage)


def outputs_of(
    model: Session | SessionPool,
    preprocessing: ImagePreprocessing,
    pictures: Iterable[tuple[Pixels, FrameSize]],
) -> Iterator[tuple[Outputs, FrameSize]]:
    """The model's outputs on each of `pictures`, which are drawn as needed; for `collect`.

    Raises:
        ModelError: the model does not take one image, or not one of this preprocessing.
    """
    if len(model.inputs) != 1:
        message = f"a model of one image has one input; this model has {len(model.inputs)}"
        raise ModelError(
            message, hint="models of several inputs are converted, not yet quantized or measured"
        )
    encode = InputEncoder(model.inputs[0], preprocessing)

    def run(session: Session, picture: tuple[Pixels, FrameSize]) -> tuple[Outputs, FrameSize]:
        pixels, frame = picture
        values = session.run(encode(pixels))
        real = (spec.to_real(one) for spec, one in zip(session.outputs, values, strict=True))
        # Without the batch axis; a number alone has none.
        return tuple(one[0] if one.shape[:1] == (1,) else one for one in real), frame

    return model.map(run, pictures)
