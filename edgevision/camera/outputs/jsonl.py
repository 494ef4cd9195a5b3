"""Results as lines of JSON, on stdout or in a file that is rotated before it fills the disk."""

import json
import sys
from pathlib import Path
from typing import IO

from edgevision.camera.loop.result import FrameResult, result_to_dict
from edgevision.camera.outputs.sink import QueuedSink, result_only
from edgevision.errors import EdgeVisionError

_CAPACITY = 4096
"""Results that may wait for a slow disk: two minutes at 30 a second, some megabytes."""


def jsonl_sink(
    path: Path | None, *, max_bytes: int = 16 << 20, keep_files: int = 4
) -> QueuedSink[FrameResult]:
    """Lines to `path`, or to stdout when it is None.

    `path` holds at most `max_bytes`; then it becomes `path.1`, `path.1` becomes `path.2`, and
    what would be beyond `keep_files` is deleted. A run appends to what an earlier one left.

    Raises:
        EdgeVisionError: the file cannot be opened.
    """
    if path is None:
        writer = _StreamWriter(sys.stdout)
        return QueuedSink(
            "jsonl", writer.write, choose=result_only, capacity=_CAPACITY, idle=writer.flush
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rotating = _RotatingWriter(path, max_bytes, keep_files)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise EdgeVisionError(message, hint="check the folder's rights") from error
    return QueuedSink(
        "jsonl",
        rotating.write,
        choose=result_only,
        capacity=_CAPACITY,
        idle=rotating.flush,
        finish=rotating.close,
    )


def line_of(result: FrameResult) -> str:
    """One line, with its end."""
    return json.dumps(result_to_dict(result), ensure_ascii=False, separators=(",", ":")) + "\n"


class _StreamWriter:
    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, result: FrameResult) -> None:
        self._stream.write(line_of(result))

    def flush(self) -> None:
        self._stream.flush()


class _RotatingWriter:
    def __init__(self, path: Path, max_bytes: int, keep_files: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._keep_files = keep_files
        self._open()

    def _open(self) -> None:
        self._file = self._path.open("ab")
        self._size = self._file.tell()

    def write(self, result: FrameResult) -> None:
        line = line_of(result).encode()
        if self._size and self._size + len(line) > self._max_bytes:
            self._rotate()
        self._file.write(line)
        self._size += len(line)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._keep_files - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        if self._keep_files:
            self._path.replace(self._numbered(1))
        else:
            self._path.unlink()
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
