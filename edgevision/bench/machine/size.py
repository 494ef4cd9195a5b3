"""How large a model is where it is stored and when it is sent."""

import hashlib
import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Bytes of one `.tflite`."""

    sha256: str
    """Hex digest of the file: two results speak of the same model when it is equal."""
    file_bytes: int
    zipped_bytes: int
    """Deflated as an app store or a zip does; pruned weights show here and not in the file."""


def size_of(content: bytes) -> Size:
    """Size of a `.tflite` given by its bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zipped = len(packer.compress(content)) + len(packer.flush())
    return Size(
        sha256=hashlib.sha256(content).hexdigest(), file_bytes=len(content), zipped_bytes=zipped
    )
