"""The pixels of an image set, decoded once: float and integer models see the same photos."""

from collections.abc import Iterator

from edgevision.dataset.imageset import ImageSet
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.tensors import Pixels

KEPT_BYTES = 64 << 20
"""Enough for 400 images of 224 x 224; what does not fit is decoded again each time."""


class PixelStore:
    """Pixels of a set under one contract, in the set's order; iterate as often as needed."""

    def __init__(
        self, images: ImageSet, preprocessing: ImagePreprocessing, *, kept_bytes: int = KEPT_BYTES
    ) -> None:
        """Decode nothing yet; at most `kept_bytes` of pixels stay in memory."""
        self.images = images
        self.preprocessing = preprocessing
        self._room = kept_bytes // (
            preprocessing.width * preprocessing.height * preprocessing.channels
        )
        self._kept: list[Pixels] = []

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def __iter__(self) -> Iterator[Pixels]:
        """Pixels of each image; see `dataset.decode` for what is raised."""
        for position, item in enumerate(self.images):
            if position < len(self._kept):
                yield self._kept[position]
                continue
            pixels = to_pixels(self.images.load(item), self.preprocessing)
            if position == len(self._kept) < self._room:
                self._kept.append(pixels)
            yield pixels

    def with_progress(
        self, progress: Progress = silent, stage: str = "reading"
    ) -> Iterator[Pixels]:
        """As iterating, with progress."""
        progress(0, len(self), stage)
        for done, pixels in enumerate(self, start=1):
            yield pixels
            progress(done, len(self), stage)
