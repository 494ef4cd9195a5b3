"""The bytes of a `.tflite`, looked at no further than its size and its identifier."""

from pathlib import Path

from edgevision.errors import ModelError

MAX_FILE_BYTES = 2 << 30
"""FlatBuffers use 31-bit offsets; larger files hold their weights outside the buffer."""


def read_content(source: Path | bytes) -> bytes:
    """The bytes of a `.tflite`, with its size and its file identifier checked.

    Raises:
        ModelError: the file is missing, unreadable, too large, or not a `.tflite`.
    """
    if isinstance(source, Path):
        try:
            size = source.stat().st_size
            if size > MAX_FILE_BYTES:
                message = f"{source} has {size} bytes; a .tflite has at most {MAX_FILE_BYTES}"
                raise ModelError(message)
            data = source.read_bytes()
        except OSError as error:
            message = f"cannot read {source}: {error.strerror}"
            raise ModelError(message, hint="check the path") from error
        name = str(source)
    else:
        data, name = source, "the model"
    if data[4:8] != b"TFL3":
        what = "is empty" if not data else "is not a .tflite file (its identifier is missing)"
        message = f"{name} {what}"
        raise ModelError(message, hint="edgevision convert model.keras -o model.tflite")
    return data
