"""The folder that is filled: it appears whole, and what was refused is said of the right file."""

from pathlib import Path

import pytest

from edgevision.errors import EdgeVisionError
from edgevision.pipeline.folder import REPORT, filling


def test_the_folder_appears_with_its_files(tmp_path: Path) -> None:
    with filling(tmp_path / "out", overwrite=False) as folder:
        assert folder.parent == tmp_path
        (folder / REPORT).write_text("{}")
        assert not (tmp_path / "out").exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == [REPORT]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_photo_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(EdgeVisionError, match=f"^cannot open {tmp_path}/photos/1.png: No such file"),
        filling(tmp_path / "out", overwrite=False),
    ):
        (tmp_path / "photos/1.png").read_bytes()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_of_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        pytest.raises(EdgeVisionError, match=f"^cannot write {out}: No space left on device"),
        filling(out, overwrite=False) as folder,
    ):
        # What the system answers when it is: written into, /dev/full is never large enough.
        (folder / "int8.tflite").symlink_to("/dev/full")
        (folder / "int8.tflite").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/proc/out", "/proc/deep/out"])
def test_a_folder_that_nobody_may_fill_is_named(place: str) -> None:
    with (
        pytest.raises(EdgeVisionError, match=f"^cannot write {place}: "),
        filling(Path(place), overwrite=False),
    ):
        pytest.fail("nothing may be made for a folder that cannot be written")


def test_a_folder_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file/out"
    with (
        pytest.raises(EdgeVisionError, match=f"^cannot write {out}: "),
        filling(out, overwrite=False),
    ):
        pytest.fail("nothing may be made for a folder that cannot be written")


def test_a_file_that_went_away_before_it_was_moved_is_said_of_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        pytest.raises(EdgeVisionError, match=f"^cannot write {out}: "),
        filling(out, overwrite=False) as folder,
    ):
        folder.rmdir()
