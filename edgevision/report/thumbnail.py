"""Small pictures for the gallery."""

import cv2

from edgevision.tensors import RgbImage


def thumbnail_of(image: RgbImage, side: int) -> bytes:
    """JPEG of the image with its longer side made `side` pixels; small ones grow unsmoothed."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    small = cv2.resize(image, size, interpolation=kernel)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [1, 85])
    return encoded.tobytes()
