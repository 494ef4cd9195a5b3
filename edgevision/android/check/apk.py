"""What an APK holds: entries with their place in the file, its manifest, classes and signature."""

import mmap
import struct
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgevision.android.check.manifest import Element, read_binary
from edgevision.errors import UsageError

_LOCAL_HEADER_BYTES = 30
_END_MAGIC, _END_BYTES = b"PK\x05\x06", 22
_SIGNING_MAGIC = b"APK Sig Block 42"
_LEAST_SIGNING_BYTES = 32
_SCHEMES = {0x7109871A: "v2", 0xF05368C0: "v3", 0x1B93AD61: "v3.1"}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The two ways of packing that Android reads."""

_MAX_STORED_BYTES = 1 << 30
_MAX_INFLATED_BYTES = 256 << 20
"""Of a compressed entry: a few kilobytes can claim to hold gigabytes."""

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What Python's zipfile raises on a damaged archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApkEntry:
    """One file in the APK."""

    name: str
    is_stored: bool
    """Not compressed: it can be mapped into memory as it lies."""
    offset: int
    """Of its first byte in the APK."""
    size: int


class Apk:
    """An APK held open; use with `with`."""

    def __init__(self, path: Path) -> None:
        """Open `path`.

        Raises:
            UsageError: it cannot be read, or is no zip archive.
        """
        if not path.is_file():
            message = f"{path} is no file" if path.exists() else f"cannot read {path}: not found"
            raise UsageError(message, hint="give an .apk, or the folder of a project")
        try:
            with path.open("rb") as file:
                self._zip = zipfile.ZipFile(path)
                # Mapped, not read: an APK may be larger than the memory to spare.
                self._raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except PermissionError as error:
            message = f"cannot read {path}: {error.strerror}"
            raise UsageError(message) from error
        except _ZIP_ERRORS as error:
            message = f"{path} is no APK: {error}"
            raise UsageError(message, hint="give an .apk, or the folder of a project") from error
        self.path = path
        self._refuse_cut_short()

    def __enter__(self) -> "Apk":  # noqa: PYI034 - Self is newer than Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._raw.close()

    @cached_property
    def entries(self) -> dict[str, ApkEntry]:
        """All files, by name; of several with one name the last, as zipfile reads it.

        Raises:
            UsageError: one of them is said to lie outside of the APK.
        """
        return {info.filename: self._entry(info) for info in self._zip.infolist()}

    @cached_property
    def duplicates(self) -> tuple[str, ...]:
        """Names that several files share; which of them is read depends on the reader."""
        counts = Counter(info.filename for info in self._zip.infolist())
        return tuple(sorted(name for name, count in counts.items() if count > 1))

    @cached_property
    def manifest(self) -> Element:
        """The manifest.

        Raises:
            UsageError: it is missing or damaged.
        """
        return read_binary(self.read("AndroidManifest.xml"))

    @property
    def signatures(self) -> tuple[str, ...]:
        """Signature schemes of the whole file, ("v2", "v3"); they are not verified here."""
        # The block ends where the central directory starts: "size, pairs, size, magic".
        start = self._zip.start_dir
        if start < _LEAST_SIGNING_BYTES or self._raw[start - 16 : start] != _SIGNING_MAGIC:
            return ()
        (size,) = struct.unpack_from("<Q", self._raw, start - 24)
        at, end = start - size, start - 24
        if at < 0:
            return ()
        found = []
        while at + 12 <= end:
            length, kind = struct.unpack_from("<QI", self._raw, at)
            if kind in _SCHEMES:
                found.append(_SCHEMES[kind])
            at += 8 + int(length)
        return tuple(sorted(found))

    def read(self, name: str) -> bytes:
        """Content of the file `name`.

        Raises:
            UsageError: it is not there, is damaged, or is too large to be true.
        """
        entry = self.entries.get(name)
        if entry is None:
            message = f"{self.path.name} holds no {name}"
            raise UsageError(message)
        limit = _MAX_STORED_BYTES if entry.is_stored else _MAX_INFLATED_BYTES
        if entry.size > limit:
            message = f"{name} claims {entry.size} bytes; at most {limit} are read"
            raise UsageError(message)
        try:
            return self._zip.read(name)
        except _ZIP_ERRORS as error:
            message = f"{name} in {self.path.name} is damaged: {error}"
            raise UsageError(message, hint="build the APK again") from error

    def _refuse_cut_short(self) -> None:
        # An exported model carries its card as a zip of its own: of an APK that lost its end,
        # zipfile would show what that inner one holds.
        last = self._raw.rfind(_END_MAGIC)
        comment = int.from_bytes(self._raw[last + 20 : last + 22], "little")
        if last + _END_BYTES + comment != len(self._raw):
            message = f"{self.path} is no APK: it does not end where its directory says"
            raise UsageError(message, hint="it is cut short, or has something appended")

    def _entry(self, info: zipfile.ZipInfo) -> ApkEntry:
        if info.compress_type not in _METHODS:
            message = f"{info.filename} is packed by method {info.compress_type}"
            raise UsageError(message, hint="Android reads stored and deflated entries")
        # The lengths in the local header, not the central one: aligning tools pad only the former.
        try:
            name, extra = struct.unpack_from("<HH", self._raw, info.header_offset + 26)
        except (struct.error, OverflowError) as error:
            message = f"{info.filename} lies outside of {self.path.name}"
            raise UsageError(message, hint="the APK is cut short: build it again") from error
        return ApkEntry(
            name=info.filename,
            is_stored=info.compress_type == zipfile.ZIP_STORED,
            offset=info.header_offset + _LOCAL_HEADER_BYTES + name + extra,
            size=info.file_size,
        )
