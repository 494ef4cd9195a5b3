"""What an APK holds: entries with their place in the file, its manifest, classes and signature."""

import struct
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgevision.android.manifest import Element, read_binary
from edgevision.errors import UsageError

_LOCAL_HEADER_BYTES = 30
_SIGNING_MAGIC = b"APK Sig Block 42"
_SCHEMES = {0x7109871A: "v2", 0xF05368C0: "v3", 0x1B93AD61: "v3.1"}
_MAX_ENTRY_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
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
        try:
            self._raw = path.read_bytes()
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            message = f"cannot read {path}: {error.strerror}"
            raise UsageError(message) from error
        except zipfile.BadZipFile as error:
            message = f"{path} is no APK: {error}"
            raise UsageError(message, hint="give an .apk, or the folder of a project") from error
        self.path = path

    def __enter__(self) -> "Apk":  # noqa: PYI034 - Self is newer than Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """All files, by name."""
        return {info.filename: self._entry(info) for info in self._zip.infolist()}

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
        (start,) = struct.unpack_from("<I", self._raw, self._raw.rindex(b"PK\x05\x06") + 16)
        if self._raw[start - 16 : start] != _SIGNING_MAGIC:
            return ()
        (size,) = struct.unpack_from("<Q", self._raw, start - 24)
        at, end = start - size, start - 24
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
        if entry.size > _MAX_ENTRY_BYTES:
            message = f"{name} claims {entry.size} bytes"
            raise UsageError(message)
        try:
            return self._zip.read(name)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            message = f"{name} in {self.path.name} is damaged: {error}"
            raise UsageError(message, hint="build the APK again") from error

    def _entry(self, info: zipfile.ZipInfo) -> Entry:
        # The lengths in the local header, not the central one: aligning tools pad only the former.
        name, extra = struct.unpack_from("<HH", self._raw, info.header_offset + 26)
        return Entry(
            name=info.filename,
            is_stored=info.compress_type == zipfile.ZIP_STORED,
            offset=info.header_offset + _LOCAL_HEADER_BYTES + name + extra,
            size=info.file_size,
        )
