import errno
import os
import resource
import signal
from pathlib import Path

import pytest

from edgevision.errors import EdgeVisionError, UsageError
from edgevision.files import replacing, sha256_of, write_bytes, write_text, writing


def test_written_file_has_the_content_and_usual_rights(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "file.txt"
    write_text(path, "é")
    assert path.read_bytes() == "é".encode()
    assert path.stat().st_mode & 0o777 == 0o666 & ~os.umask(os.umask(0o022) or 0o022)


def test_existing_file_is_kept_unless_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_bytes(path, b"old")
    with pytest.raises(UsageError, match="exists already") as caught:
        write_bytes(path, b"new")
    assert "--overwrite" in caught.value.hint
    assert path.read_bytes() == b"old"
    write_bytes(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"


def test_failure_inside_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_bytes(path, b"old")
    with pytest.raises(RuntimeError), replacing(path, overwrite=True) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_is_an_error_with_the_path_and_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "big"
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, old_limit[1]))
    try:
        with pytest.raises(EdgeVisionError, match="cannot write .*big"):
            write_bytes(path, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_handler)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_file_cannot_be_written_into(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EdgeVisionError, match="cannot write"):
        write_bytes(tmp_path / "file" / "inside", b"")


def test_digest_is_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    # FIPS 180-4, example B.1
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def no_such_file(path: Path) -> None:
    path.read_bytes()


def full_disk(path: Path) -> None:
    # Every write to it is answered as on a full disk.
    with path.open("wb", buffering=0) as file:
        file.write(b"x")


def test_only_what_is_written_is_said_to_be_unwritable(tmp_path: Path) -> None:
    output = tmp_path / "out.tflite"
    photo = tmp_path / "photos/1.png"
    with (
        pytest.raises(EdgeVisionError, match=f"^cannot open {photo}: No such file") as caught,
        replacing(output, overwrite=False),
    ):
        no_such_file(photo)
    assert "rights" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_of_the_output(tmp_path: Path) -> None:
    output = tmp_path / "out.tflite"
    with pytest.raises(EdgeVisionError, match=f"^cannot write {output}: No space left"):  # noqa: SIM117
        with writing(output):
            full_disk(Path("/dev/full"))


def test_a_full_disk_elsewhere_is_named(tmp_path: Path) -> None:
    elsewhere = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "tmp/x"))
    with (
        pytest.raises(EdgeVisionError, match=f"^cannot write {tmp_path / 'tmp/x'}: No space"),
        writing(tmp_path / "out"),
    ):
        raise elsewhere


@pytest.mark.parametrize(
    "name", ["out", "out/inside", ".out.abc.part/inside", ".", "..", ".export-1/new"]
)
def test_the_output_is_all_that_will_be_in_it_and_the_folders_above(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / name))
    with (
        pytest.raises(EdgeVisionError, match="^cannot write out: Permission denied"),
        writing(Path("out")),
    ):
        raise refused


@pytest.mark.parametrize("name", ["output2", "photos/1.png", "../out", "/dev/video0"])
def test_other_files_are_named(tmp_path: Path, name: str) -> None:
    refused = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / name))
    with pytest.raises(EdgeVisionError, match="^cannot open .*: Permission"):  # noqa: SIM117
        with writing(tmp_path / "out"):
            raise refused


def test_a_fault_without_a_file_is_not_blamed_on_writing(tmp_path: Path) -> None:
    with (
        pytest.raises(EdgeVisionError, match="out could not be made: Input/output error"),
        writing(tmp_path / "out"),
    ):
        raise OSError(errno.EIO, "Input/output error")
