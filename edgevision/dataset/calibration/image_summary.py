"""What one image of a set looks like, in a few numbers that can be kept for all of them."""

from dataclasses import dataclass

from edgevision.dataset.calibration.choose import pixel_digest
from edgevision.dataset.imageset import ImageSet, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSummary:
    """Facts of one decoded image."""

    item: Item
    stored: str
    """Digest of the stored content."""
    pixels: str
    """Digest of the decoded picture."""
    low: int
    high: int
    """Smallest and largest pixel value, 0-255."""
    mean: tuple[float, ...]
    """Per channel: red, green, blue."""
    spread: tuple[float, ...]
    """Standard deviation of the pixels, per channel."""
    is_grey: bool
    """Whether all three channels are equal."""


def summarize_image(images: ImageSet, item: Item) -> ImageSummary:
    """Decode one image and take its facts.

    Raises:
        ImageSetError: it cannot be decoded.
    """
    image = images.load(item)
    flat = image.reshape(-1, 3)
    return ImageSummary(
        item=item,
        stored=images.digest(item),
        pixels=pixel_digest(image),
        low=int(image.min()),
        high=int(image.max()),
        mean=tuple(float(value) for value in flat.mean(axis=0)),
        spread=tuple(float(value) for value in flat.std(axis=0)),
        is_grey=bool((flat[:, 0] == flat[:, 1]).all() and (flat[:, 1] == flat[:, 2]).all()),
    )
