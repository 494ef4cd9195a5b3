import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edgevision.dataset.decode import decode_bytes
from edgevision.dataset.headers import claimed_pixels, what_is_missing
from edgevision.errors import ImageSetError
from tests.dataset.pictures import picture

KINDS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "PPM")


def encoded(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture(0)).save(file, kind)
    return file.getvalue()


WHOLE = {kind: encoded(kind) for kind in KINDS}
STARTS = [WHOLE[kind][:length] for kind in KINDS for length in (2, 4, 8, 16, 40)]


@given(st.sampled_from([b"", *STARTS]), st.binary(max_size=200))
def test_any_bytes_have_a_size_and_a_verdict(start: bytes, rest: bytes) -> None:
    assert claimed_pixels(start + rest) >= 0
    assert isinstance(what_is_missing(start + rest), str)


@given(st.sampled_from(KINDS), st.data())
def test_flipped_byte_is_decoded_or_named_and_nothing_else(kind: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[kind])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))

    with contextlib.suppress(ImageSetError):
        assert decode_bytes(bytes(content), "photo").shape[2] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_whole_file_misses_nothing(kind: str) -> None:
    assert what_is_missing(WHOLE[kind]) == ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_shorter_file_misses_something(kind: str) -> None:
    whole = WHOLE[kind]

    assert all(what_is_missing(whole[:length]) for length in range(8, len(whole)))


def test_progressive_photo_of_several_scans_is_followed_to_its_end() -> None:
    file = io.BytesIO()
    Image.fromarray(picture(0)).save(file, "JPEG", progressive=True)
    content = file.getvalue()

    assert content.count(b"\xff\xda") > 1
    assert what_is_missing(content) == ""
    assert claimed_pixels(content) == 24 * 16


def test_restart_markers_do_not_end_a_photo() -> None:
    file = io.BytesIO()
    Image.fromarray(picture(0, width=64)).save(file, "JPEG", restart_marker_blocks=1)
    content = file.getvalue()

    assert b"\xff\xd0" in content
    assert what_is_missing(content) == ""
