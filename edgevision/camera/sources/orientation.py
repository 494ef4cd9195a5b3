"""Cameras hang upside down and sideways; what everybody downstream sees is upright."""

from dataclasses import dataclass

import cv2
import numpy as np

from edgevision.camera.sources.frame import Frame, Image
from edgevision.camera.sources.source import FrameSource
from edgevision.errors import UsageError

_ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """How a picture is turned (clockwise, first) and mirrored (left and right, then)."""

    rotate: int = 0
    is_mirrored: bool = False

    def __post_init__(self) -> None:
        if self.rotate not in {0, *_ROTATIONS}:
            raise UsageError(f"pictures turn by 0, 90, 180 or 270 degrees, not {self.rotate}")

    def apply(self, image: Image) -> Image:
        """The turned picture, a new array; the same one when there is nothing to do."""
        if self.rotate:
            image = np.asarray(cv2.rotate(image, _ROTATIONS[self.rotate]), np.uint8)
        return np.asarray(cv2.flip(image, 1), np.uint8) if self.is_mirrored else image


class TurnedSource:
    """A source whose frames turn when they are unpacked: those that are dropped cost nothing."""

    def __init__(self, source: FrameSource, orientation: Orientation) -> None:
        self._source = source
        self._orientation = orientation
        self.is_live = source.is_live

    def read(self, sequence: int) -> Frame | None:
        """See `FrameSource.read`."""
        frame = self._source.read(sequence)
        if frame is not None:
            frame.turn = self._orientation.apply
        return frame

    def close(self) -> None:
        """See `FrameSource.close`."""
        self._source.close()
