"""Checks of how an APK is put together: alignment, compression, classes, signature."""

from collections.abc import Iterator

from edgevision.android.check.apk import Apk
from edgevision.android.check.binaries import PAGE_BYTES, dex_classes, load_alignment
from edgevision.android.check.check_manifest import activities
from edgevision.android.check.finding import AppFinding, Outcome, find
from edgevision.errors import UsageError

_LITERT_PACKAGE = "com.google.ai.edge.litert."
_PAGE_ABIS = {"arm64-v8a", "x86_64"}
"""ABIs of phones with 16 KB pages; 32-bit ones never have them."""


def check_archive(apk: Apk) -> AppFinding:
    """The finding about the zip archive itself."""
    return find("archive", lambda: _archive(apk))


def check_stored(apk: Apk, model: str) -> AppFinding:
    """The finding about the entry `model`: LiteRT maps it into memory as it lies."""
    return find("model-stored", lambda: _model_stored(apk, model))


def check_libraries(apk: Apk) -> AppFinding:
    """The finding about native libraries on phones with 16 KB pages."""
    return find("native-alignment", lambda: _native_alignment(apk))


def check_classes(apk: Apk) -> Iterator[AppFinding]:
    """Findings about the code."""
    classes: set[str] = set()
    yield find("classes", lambda: _classes(apk, classes))
    yield find("litert-classes", lambda: _litert_classes(classes))


def check_signature(apk: Apk) -> AppFinding:
    """The finding about the signature, which is looked for and not verified."""
    return find("signature", lambda: _signature(apk))


def _archive(apk: Apk) -> tuple[Outcome, str]:
    if apk.duplicates:
        return "failed", f"{apk.duplicates[0]} is in it twice: phones refuse to install it"
    return "ok", f"{len(apk.entries)} files"


def _model_stored(apk: Apk, name: str) -> tuple[Outcome, str]:
    entry = apk.entries.get(name)
    if entry is None:
        return "failed", f"no {name}: run edgevision android export before building"
    if not entry.is_stored:
        return "failed", f"{name} is compressed and cannot be mapped: add noCompress"
    if entry.offset % 4:
        return "failed", f"{name} begins at byte {entry.offset}, not at a multiple of 4"
    return "ok", f"{entry.size} bytes, uncompressed"


def _native_alignment(apk: Apk) -> tuple[Outcome, str]:
    libraries = [name for name in apk.entries if name.startswith("lib/") and name.endswith(".so")]
    for name in libraries:
        abi = name.split("/")[1]
        try:
            alignment = load_alignment(apk.read(name))
        except UsageError as error:
            return "failed", f"{name}: {error}"
        if abi not in _PAGE_ABIS:
            continue
        if alignment < PAGE_BYTES:
            return "failed", f"{name} is aligned to {alignment} bytes, not {PAGE_BYTES}"
        entry = apk.entries[name]
        if entry.is_stored and entry.offset % PAGE_BYTES:
            at = f"byte {entry.offset}"
            return "failed", f"{name} begins at {at}, not at a multiple of {PAGE_BYTES}"
    if not libraries:
        return "warning", "no native libraries: nothing in it can run a model"
    abis = sorted({name.split("/")[1] for name in libraries})
    return "ok", f"{len(libraries)} libraries for {', '.join(abis)}"


def _classes(apk: Apk, found: set[str]) -> tuple[Outcome, str]:
    """Fills `found` with the names of all classes."""
    files = [name for name in apk.entries if name.startswith("classes") and name.endswith(".dex")]
    if "classes.dex" not in files:
        return "failed", "no classes.dex: the APK holds no code"
    for name in files:
        try:
            found.update(dex_classes(apk.read(name)))
        except UsageError as error:
            return "failed", f"{name}: {error}"
    for name, _ in activities(apk.manifest):
        if name not in found:
            return "failed", f"{name} of the manifest is in no dex file"
    return "ok", f"{len(found)} classes in {len(files)} dex files"


def _litert_classes(classes: set[str]) -> tuple[Outcome, str]:
    if not any(name.startswith(_LITERT_PACKAGE) for name in classes):
        return "warning", "LiteRT's classes are not in it: it was not built with Gradle"
    return "ok", "LiteRT is in it"


def _signature(apk: Apk) -> tuple[Outcome, str]:
    schemes = apk.signatures
    if not schemes:
        return "failed", "not signed with scheme v2 or newer: no phone installs it"
    return "ok", ", ".join(schemes)
