"""Packs what aapt2 and R8 made into an unsigned APK, aligned as Android wants it.

Debian's zipalign knows no 16 KB pages, so the alignment is done here. The native libraries are
structure only: empty ELF files that stand where Gradle puts LiteRT's, so that their place and
alignment can be checked. The APK cannot run a model.

    pack_apk.py BASE.apk DEX_FOLDER OUT.apk
"""

import struct
import sys
import zipfile
from pathlib import Path

PAGE = 16384
MACHINES = {"arm64-v8a": 183, "x86_64": 62}
"""ABI -> e_machine of the ELF header."""

ALIGNMENT_FIELD = 0xD935
"""Extra field by which apksigner keeps an entry's alignment."""


def structural_library(machine: int) -> bytes:
    """An ELF shared object with one loadable segment, aligned to a page of 16 KB."""
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, machine, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, 120, 120, PAGE)
    return header + segment


def add(archive: zipfile.ZipFile, name: str, content: bytes, *, stored: bool, align: int) -> None:
    """Add an entry; a stored one begins at a multiple of `align`."""
    info = zipfile.ZipInfo(name, date_time=(1981, 1, 1, 1, 1, 2))
    info.external_attr = 0o644 << 16
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    if stored:
        # Local header, name, and the extra field: six bytes of its own, then padding.
        start = archive.start_dir + 30 + len(name.encode()) + 6
        padding = -start % align
        info.extra = struct.pack("<HHH", ALIGNMENT_FIELD, 2 + padding, align) + bytes(padding)
    archive.writestr(info, content)


def main(base: Path, dex: Path, out: Path) -> None:
    """Write `out`."""
    with zipfile.ZipFile(base) as linked, zipfile.ZipFile(out, "w") as archive:
        for entry in linked.infolist():
            stored = entry.compress_type == zipfile.ZIP_STORED
            add(archive, entry.filename, linked.read(entry), stored=stored, align=4)
        for file in sorted(dex.glob("*.dex")):
            add(archive, file.name, file.read_bytes(), stored=False, align=4)
        for abi, machine in MACHINES.items():
            library = structural_library(machine)
            add(archive, f"lib/{abi}/libstructure.so", library, stored=True, align=PAGE)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
