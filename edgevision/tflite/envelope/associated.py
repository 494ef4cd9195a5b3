"""Associated files: the ZIP archive that TFLite Metadata puts behind the flatbuffer of a `.tflite`.

The archive is stored uncompressed, because MediaPipe and the Task Library read nothing else.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping

MAX_FILE_BYTES = 64 << 20
"""Longest associated file that is read; an archive from a stranger may expand without end."""

_LOCAL_HEADER = b"PK\x03\x04"
# The earliest time a ZIP entry can have: the same card always makes the same bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    OSError,
    RuntimeError,  # an encrypted entry
    NotImplementedError,  # a compression of another age
    OverflowError,
)


def append_files(content: bytes, files: Mapping[str, bytes]) -> bytes:
    """`content` with the archive of `files` behind it; unchanged when there are none."""
    if not files:
        return content
    buffer = io.BytesIO()
    buffer.write(content)
    # Not "a": that would go on with what is left of a damaged archive in `content`.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), files[name])
    return buffer.getvalue()


def archive_start(content: bytes) -> int:
    """Where the archive behind the flatbuffer begins; `len(content)` when there is none."""
    buffer = io.BytesIO(content)
    try:
        if not zipfile.is_zipfile(buffer):
            return len(content)
        with zipfile.ZipFile(buffer) as archive:
            starts = [entry.header_offset for entry in archive.infolist()]
    except _DAMAGE:
        return len(content)
    # Weights may look like the end of an archive by chance; only real entries count.
    if not starts or any(content[start : start + 4] != _LOCAL_HEADER for start in starts):
        return len(content)
    return min(starts)


def read_file(content: bytes, name: str) -> bytes | None:
    """The associated file `name`, or None when it is absent, damaged or beyond reason."""
    if archive_start(content) == len(content):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(name) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (*_DAMAGE, KeyError):
        return None
    return data if len(data) <= MAX_FILE_BYTES else None
