import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.camera.sources.mjpeg import MAX_JPEG_BYTES, MjpegSplitter
from edgevision.errors import DeviceError


def jpeg(width: int = 48, height: int = 32, seed: int = 0, *, progressive: bool = False) -> bytes:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive), cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    return cv2.imencode(".jpg", picture, options)[1].tobytes()


def with_thumbnail(picture: bytes) -> bytes:
    """The picture with another whole JPEG in an APP1 segment, as cameras write."""
    inner = jpeg(8, 8)
    segment = b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner
    return picture[:2] + segment + picture[2:]


PICTURES = [jpeg(), jpeg(17, 5, 1), jpeg(64, 64, 2, progressive=True), with_thumbnail(jpeg(seed=3))]


def multipart(pictures: list[bytes]) -> bytes:
    return b"".join(
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
        % (len(picture), picture)
        for picture in pictures
    )


@given(st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_pictures_come_out_whole_however_the_bytes_are_cut(sizes: list[int]) -> None:
    stream = multipart(PICTURES)
    splitter = MjpegSplitter()
    found: list[bytes] = []
    at, turn = 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        found += splitter.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert found == PICTURES


def test_bare_pictures_in_a_pipe_need_no_multipart() -> None:
    assert MjpegSplitter().feed(b"".join(PICTURES)) == PICTURES


def test_thumbnail_inside_a_picture_is_not_taken_for_one() -> None:
    picture = with_thumbnail(jpeg())
    assert MjpegSplitter().feed(picture) == [picture]


def test_wrong_content_length_does_not_matter() -> None:
    stream = b"--x\r\nContent-Length: 5\r\n\r\n" + PICTURES[0] + b"--x\r\n\r\n" + PICTURES[1]
    assert MjpegSplitter().feed(stream) == PICTURES[:2]


def test_picture_with_lost_bytes_does_not_take_the_next_one_with_it() -> None:
    torn = PICTURES[0][: len(PICTURES[0]) // 2]
    assert MjpegSplitter().feed(torn + PICTURES[1] + PICTURES[2])[-2:] == PICTURES[1:3]


@given(st.binary(max_size=2000))
def test_garbage_never_hangs_and_a_picture_after_it_is_found(garbage: bytes) -> None:
    splitter = MjpegSplitter()
    try:
        splitter.feed(garbage)
        # Garbage can look like the head of a long segment; pictures keep coming, as they would.
        found = [each for _ in range(40) for each in splitter.feed(PICTURES[2])]
    except DeviceError:
        return
    assert PICTURES[2] in found


def test_absurd_size_in_the_header_is_refused_before_decoding() -> None:
    bomb = b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03" + bytes(40)
    with pytest.raises(DeviceError, match="65535 x 65535"):
        MjpegSplitter().feed(bomb)


def test_endless_picture_is_refused() -> None:
    splitter = MjpegSplitter()
    splitter.feed(PICTURES[0][:-2])
    with pytest.raises(DeviceError, match="no end"):
        for _ in range(MAX_JPEG_BYTES // (1 << 20) + 1):
            splitter.feed(bytes(1 << 20))


def test_noise_without_pictures_takes_no_memory() -> None:
    splitter = MjpegSplitter()
    for _ in range(64):
        splitter.feed(b"x" * (1 << 20))
    assert len(splitter._buffer) < 4
