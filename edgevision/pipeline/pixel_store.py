"""The pixels of an image set, decoded once: float and integer models see the same photos."""

from collections.abc import Iterator

from edgevision.dataset.imageset import ImageSet
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.predict import frame_of
from edgevision.tasks.interface import FrameSize
from edgevision.tensors import Pixels

KEPT_BYTES = 64 << 20
"""Enough for 400 images of 224 x 224; what does not fit is decoded again each time."""


class PixelStore:
    """Pixels of a set under one preprocessing, in the set's order; iterate as often as needed."""

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
        self._frames: list[FrameSize] = []

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def __iter__(self) -> Iterator[Pixels]:
        """Pixels of each image; see `dataset.decode` for what is raised."""
        return (pixels for pixels, _ in self.with_frames())

    def with_frames(
        self, progress: Progress = silent, stage: str = "reading"
    ) -> Iterator[tuple[Pixels, FrameSize]]:
        """As iterating, with the size of each picture and progress."""
        progress(0, len(self), stage)
        for position in range(len(self)):
            yield self._picture(position)
            progress(position + 1, len(self), stage)

    def _picture(self, position: int) -> tuple[Pixels, FrameSize]:
        if position < len(self._kept):
            return self._kept[position], self._frames[position]
        picture = self.images.load(self.images.items[position])
        pixels, frame = to_pixels(picture, self.preprocessing), frame_of(picture)
        if position == len(self._kept) < self._room:
            self._kept.append(pixels)
            self._frames.append(frame)
        return pixels, frame
