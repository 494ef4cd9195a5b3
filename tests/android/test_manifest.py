from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.android.check.binaries import dex_classes, load_alignment
from edgevision.android.check.manifest import Element, read_binary, read_text
from edgevision.errors import UsageError
from tests.android import binary_xml
from tests.android.apk_builder import dex, elf, manifest
from tests.android.binary_xml import Tag


def as_tag(element: Element) -> Tag:
    return Tag(element.tag, element.attributes, [as_tag(child) for child in element.children])


@pytest.mark.parametrize("utf8", [False, True])
@pytest.mark.parametrize("forget_names", [False, True])
def test_binary_xml_is_read_back(utf8: bool, forget_names: bool) -> None:
    data = binary_xml.write(manifest(), utf8=utf8, forget_names=forget_names)
    assert as_tag(read_binary(data)) == manifest()


def test_text_and_binary_give_the_same_answers() -> None:
    text = read_text(
        '<manifest xmlns:android="http://schemas.android.com/apk/res/android">'
        '<uses-feature android:name="a.camera" android:required="false"/></manifest>'
    )
    (feature,) = text.find_all("uses-feature")
    assert feature.text("name") == "a.camera"
    assert feature.flag("required", default=True) is False


GOOD = binary_xml.write(manifest())


@given(st.integers(0, len(GOOD)))
def test_a_manifest_cut_short_is_an_error_and_no_crash(length: int) -> None:
    if length == len(GOOD):
        return
    with pytest.raises(UsageError):
        read_binary(GOOD[:length])


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_damaged_manifest_is_read_or_refused(place: int, value: int) -> None:
    damaged = bytearray(GOOD)
    damaged[place] = value
    with suppress(UsageError):
        read_binary(bytes(damaged))


def test_text_that_is_no_xml_is_refused() -> None:
    with pytest.raises(UsageError, match="no XML"):
        read_text("<manifest>")


def test_classes_of_a_dex_file_are_named() -> None:
    assert dex_classes(dex("a.B", "c.d.E")) == {"a.B", "c.d.E"}


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_readers(data: bytes) -> None:
    readers: tuple[Any, ...] = (dex_classes, load_alignment)
    for read in readers:
        for start in (b"", b"dex\n038\0", b"\x7fELF\x02"):
            with suppress(UsageError):
                read(start + data)


def test_alignment_is_that_of_the_least_aligned_segment() -> None:
    assert load_alignment(elf(16384)) == 16384
    assert load_alignment(elf(4096)) == 4096
