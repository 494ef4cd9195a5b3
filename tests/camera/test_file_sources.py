"""Video files and folders of images, sound and damaged: an error or an end, never a hang."""

import logging
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgevision.camera.sources.frame import Frame
from edgevision.camera.sources.source import FrameSource, SourceSettings, open_source, parse_source
from edgevision.errors import DeviceError


def write_video(path: Path, frames: int, width: int = 64, height: int = 48) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30, (width, height))
    assert writer.isOpened()
    for number in range(frames):
        writer.write(np.full((height, width, 3), 10 * number % 250, np.uint8))
    writer.release()
    return path


def opened(text: str) -> FrameSource:
    return open_source(parse_source(text), SourceSettings())


def read_all(source: FrameSource) -> list[Frame]:
    frames: list[Frame] = []
    while (frame := source.read(len(frames))) is not None:
        frames.append(frame)
    source.close()
    return frames


def test_every_frame_of_a_video_comes_in_order(tmp_path: Path) -> None:
    source = opened(f"file:{write_video(tmp_path / 'clip.mp4', 20)}")
    assert not source.is_live
    frames = read_all(source)
    levels = [round(frame.unpack().mean()) for frame in frames]
    assert len(levels) == 20
    assert np.allclose(levels, [10 * number % 250 for number in range(20)], atol=4)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
@pytest.mark.parametrize("threads", [1, 3])
def test_decoder_has_the_threads_it_is_given(shared: Path, threads: int) -> None:
    clip = shared / "video" / "one-by-one-person-detection.mp4"

    def decoders() -> int:
        names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
        return sum(name.startswith("av:") for name in names)

    before = decoders()
    source = open_source(parse_source(f"file:{clip}"), SourceSettings(decode_threads=threads))
    assert source.read(0) is not None
    # With one, FFmpeg decodes on the thread that reads.
    assert decoders() - before == (threads if threads > 1 else 0)
    source.close()


def test_a_video_is_whole_after_a_stream_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        opened("rtsp://127.0.0.1:1/nobody")
    source = opened(f"file:{write_video(tmp_path / 'clip.mp4', 20)}")
    assert len(read_all(source)) == 20


def test_video_cut_short_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 30, (64, 48))
    for number in range(60):
        writer.write(np.random.default_rng(number).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    writer.release()
    content = clip.read_bytes()
    clip.write_bytes(content[: len(content) // 2])
    with caplog.at_level(logging.WARNING):
        frames = read_all(opened(f"file:{clip}"))
    assert 10 < len(frames) < 40
    assert "cut short" in caplog.text


@pytest.mark.parametrize("size", [0, 1, 100, 5000])
def test_file_that_is_no_video_is_an_error(tmp_path: Path, size: int) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(np.random.default_rng(0).bytes(size))
    with pytest.raises(DeviceError):
        read_all(opened(f"file:{clip}"))


@pytest.mark.parametrize("keep", [0.05, 0.3, 0.6, 0.9])
def test_truncated_video_ends_or_is_an_error(tmp_path: Path, keep: float) -> None:
    content = write_video(tmp_path / "whole.mp4", 60).read_bytes()
    clip = tmp_path / "cut.mp4"
    clip.write_bytes(content[: int(keep * len(content))])
    try:
        assert len(read_all(opened(f"file:{clip}"))) < 60
    except DeviceError:
        return


def test_video_with_flipped_bytes_ends_or_is_an_error(tmp_path: Path) -> None:
    content = bytearray(write_video(tmp_path / "whole.mp4", 60).read_bytes())
    generator = np.random.default_rng(1)
    for round_number in range(20):
        broken = bytearray(content)
        for place in generator.integers(0, len(content), 40):
            broken[place] ^= int(generator.integers(1, 256))
        clip = tmp_path / f"{round_number}.mp4"
        clip.write_bytes(broken)
        try:
            assert len(read_all(opened(f"file:{clip}"))) <= 60
        except DeviceError:
            continue


def test_folder_of_images_is_shown_in_order_of_names(tmp_path: Path) -> None:
    for name, level in (("b.png", 20), ("a.jpg", 10), ("c.bmp", 30)):
        cv2.imwrite(str(tmp_path / name), np.full((8, 9, 3), level, np.uint8))
    (tmp_path / "notes.txt").write_text("not an image")
    frames = read_all(opened(f"images:{tmp_path}"))
    assert [round(frame.unpack().mean()) for frame in frames] == [10, 20, 30]


def test_damaged_image_is_skipped_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "b.png").write_bytes(b"damaged")
    with caplog.at_level(logging.WARNING):
        assert len(read_all(opened(str(tmp_path)))) == 1
    assert "b.png" in caplog.text


def test_folder_of_damaged_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"damaged")
    with pytest.raises(DeviceError, match="none of the 1 images"):
        read_all(opened(str(tmp_path)))


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="holds no images"):
        opened(str(tmp_path))


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 7)])
def test_odd_sizes_are_read(tmp_path: Path, shape: tuple[int, int]) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((*shape, 3), np.uint8))
    assert read_all(opened(str(tmp_path)))[0].unpack().shape == (*shape, 3)


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_images_are_read(tmp_path: Path, channels: int) -> None:
    shape = (8, 9) if channels == 1 else (8, 9, channels)
    cv2.imwrite(str(tmp_path / "a.png"), np.full(shape, 77, np.uint8))
    image = read_all(opened(str(tmp_path)))[0].unpack()
    assert image.shape == (8, 9, 3)
    assert (image == 77).all()


def test_two_sources_read_at_once_leave_the_level_as_it_was(tmp_path: Path) -> None:
    log: Any = getattr(cv2.utils, "logging", cv2)
    before = log.getLogLevel()
    for number in range(40):
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), np.full((8, 8, 3), number, np.uint8))
    start = threading.Barrier(2)

    def read_all() -> None:
        start.wait(60)
        for _ in range(10):
            source = opened(f"images:{tmp_path}")
            while source.read(0) is not None:
                pass

    threads = [threading.Thread(target=read_all) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert log.getLogLevel() == before
