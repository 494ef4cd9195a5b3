"""Model files are checked before anything is loaded from them."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import ModelError
from edgevision.keras_model.archive import read_source

CONFIG = {"class_name": "Sequential", "config": {"layers": []}}


def weights(fill: Callable[[h5py.File], None] = lambda _file: None) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["kernel"] = np.frombuffer(b"weights" * 100, np.uint8)
        fill(file)
    return buffer.getvalue()


def keras_zip(**members: bytes) -> bytes:
    content = {
        "config.json": json.dumps(CONFIG).encode(),
        "metadata.json": b'{"keras_version": "3.15.1"}',
        "model.weights.h5": weights(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in {**content, **members}.items():
            if data:
                archive.writestr(name, data)
    return buffer.getvalue()


def write(folder: Path, content: bytes, name: str = "model.keras") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_keras_file_tells_its_config_and_version(tmp_path: Path) -> None:
    source = read_source(write(tmp_path, keras_zip()))
    assert (source.kind, source.keras_version, source.config) == ("keras", "3.15.1", CONFIG)
    assert not source.is_keras_2


def test_a_file_is_recognized_by_content_not_by_name(tmp_path: Path) -> None:
    assert read_source(write(tmp_path, keras_zip(), "model.h5")).kind == "keras"


def test_an_h5_file_without_a_version_is_taken_for_keras_2(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(CONFIG)
    source = read_source(tmp_path / "old.h5")
    assert source.kind == "h5"
    assert source.is_keras_2


@pytest.mark.parametrize(
    ("content", "needle"),
    [
        (b"", "is empty"),
        (b"hello, I am no model", "neither a .keras nor an .h5"),
        (b"\x1c\0\0\0TFL3" + bytes(100), "is a .tflite file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "is damaged"),
        (b"PK\x03\x04" + bytes(50), "is damaged"),
        (keras_zip(**{"config.json": b""}), "config.json is missing"),
        (keras_zip(**{"model.weights.h5": b""}), "model.weights.h5 is missing"),
        (keras_zip(**{"config.json": b"{not json"}), "is damaged"),
        (keras_zip(**{"config.json": b"[1, 2]"}), "no JSON object"),
        (keras_zip(**{"../evil": b"x"}), "points outside"),
        (keras_zip(**{"model.weights.h5": b"weights"}), "is damaged"),
    ],
)
def test_what_is_no_model_is_said_in_a_sentence(
    tmp_path: Path, content: bytes, needle: str
) -> None:
    with pytest.raises(ModelError, match=needle.replace(".", r"\.")):
        read_source(write(tmp_path, content))


def test_a_missing_file_and_a_folder_without_a_model_are_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot read"):
        read_source(tmp_path / "none.keras")
    with pytest.raises(ModelError, match="no SavedModel"):
        read_source(tmp_path)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_damaged(tmp_path: Path, keep: float) -> None:
    whole = keras_zip()
    with pytest.raises(ModelError):
        read_source(write(tmp_path, whole[: int(len(whole) * keep)]))


def test_a_flipped_bit_in_the_weights_is_found(tmp_path: Path) -> None:
    broken = bytearray(keras_zip())
    position = broken.index(b"weightsweights") + 50
    broken[position] ^= 1
    with pytest.raises(ModelError, match=r"checksum of model\.weights\.h5"):
        read_source(write(tmp_path, bytes(broken)))


@given(position=st.floats(0, 0.999), bit=st.integers(0, 7))
def test_no_flipped_bit_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, position: float, bit: int
) -> None:
    broken = bytearray(keras_zip())
    broken[int(position * len(broken))] ^= 1 << bit
    path = write(tmp_path_factory.getbasetemp(), bytes(broken), "flipped.keras")
    try:
        read_source(path)
    except ModelError as error:
        assert str(error)  # noqa: PT017 - some flips do no harm, such as one in a date


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(CONFIG))
        with archive.open("model.weights.h5", "w", force_zip64=True) as member:
            for _ in range(200):
                member.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ModelError, match=r"would inflate to 0\.2 GB"):
        read_source(path)


def test_h5_arrays_that_claim_more_than_the_file_can_hold_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(CONFIG)
        file.create_dataset("kernel", shape=(1 << 30,), dtype="f4", chunks=(1024,))
    with pytest.raises(ModelError, match=r"claim 4\.3 GB"):
        read_source(path)


def test_h5_arrays_in_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(64))
    for name, external in (("outside.h5", True), ("linked.h5", False)):
        with h5py.File(tmp_path / name, "w") as file:
            file.attrs["model_config"] = json.dumps(CONFIG)
            if external:
                place = [(str(tmp_path / "secret"), 0, 64)]
                file.create_dataset("kernel", shape=(16,), dtype="f4", external=place)
            else:
                file["kernel"] = h5py.ExternalLink("other.h5", "/kernel")
        with pytest.raises(ModelError, match=r"another file|outside the file"):
            read_source(tmp_path / name)


@pytest.mark.parametrize("version", ["2.15.0", "3.15.1"])
@pytest.mark.parametrize("kind", ["external", "linked", "soft", "virtual"])
def test_weights_of_a_keras_file_in_other_files_are_refused(
    tmp_path: Path, kind: str, version: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(64))

    def fill(file: h5py.File) -> None:
        if kind == "external":
            file.create_dataset("bias", shape=(16,), dtype="f4", external=[(str(secret), 0, 64)])
        elif kind == "linked":
            file["bias"] = h5py.ExternalLink(str(secret), "/bias")
        elif kind == "soft":
            file["bias"] = h5py.SoftLink("/elsewhere")
        else:
            layout = h5py.VirtualLayout(shape=(16,), dtype="f4")
            layout[:] = h5py.VirtualSource(str(secret), "bias", shape=(16,))
            file.create_virtual_dataset("bias", layout)

    about = json.dumps({"keras_version": version}).encode()
    members = {"metadata.json": about, "model.weights.h5": weights(fill)}
    with pytest.raises(ModelError, match=r"another file|outside the file"):
        read_source(write(tmp_path, keras_zip(**members)))
    members["model.weights.h5"] = weights()
    assert read_source(write(tmp_path, keras_zip(**members))).keras_version == version


def test_h5_groups_that_hold_themselves_are_looked_into_once(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "circle.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(CONFIG)
        file["layers/inner/kernel"] = np.zeros(3)
        file["layers/inner/again"] = file["layers"]
    assert read_source(tmp_path / "circle.h5").kind == "h5"


def test_weights_without_an_architecture_are_said(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["kernel"] = np.zeros(3)
    with pytest.raises(ModelError, match="holds weights only"):
        read_source(tmp_path / "weights.h5")
