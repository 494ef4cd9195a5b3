"""A folder of images, one after the other in the order of their names."""

import logging
import time
from pathlib import Path

from edgevision.camera.sources.frame import Frame
from edgevision.camera.sources.source import SourceSettings
from edgevision.dataset.decode import IMAGE_SUFFIXES, decode_image
from edgevision.errors import DeviceError, ImageSetError

logger = logging.getLogger(__name__)


def open_images(address: str, _options: SourceSettings) -> "ImageFolderSource":
    """An `ImageFolderSource` on the folder `address`.

    Raises:
        DeviceError: there is no such folder, or no image in it.
    """
    folder = Path(address)
    try:
        names = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    except OSError as error:
        message = f"cannot read the folder {folder}: {error.strerror}"
        raise DeviceError(message, hint="name a folder of images: images:folder") from error
    if not names:
        raise DeviceError(f"{folder} holds no images", hint=f"endings: {' '.join(IMAGE_SUFFIXES)}")
    return ImageFolderSource(tuple(names))


class ImageFolderSource:
    """Upright RGB pictures; a damaged file is skipped with a warning, the last straw is the end."""

    is_live = False

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = iter(paths)
        self._shown = 0
        self._skipped = 0

    def read(self, sequence: int) -> Frame | None:
        """The next image that decodes; None after the last.

        Raises:
            DeviceError: not one of them could be decoded.
        """
        for path in self._paths:
            try:
                data = decode_image(path)
            except ImageSetError as error:
                logger.warning("skipped: %s", error)
                self._skipped += 1
                continue
            self._shown += 1
            return Frame(
                sequence=sequence, captured_ns=time.monotonic_ns(), data=data, layout="rgb"
            )
        if not self._shown and self._skipped:
            raise DeviceError(f"none of the {self._skipped} images could be decoded")
        return None

    def close(self) -> None:
        """Nothing is held."""
