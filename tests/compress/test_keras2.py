"""Models saved by Keras 2: what `convert` reads, `prune` reads, or says why it must not."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgevision.compress.graph.removal import rebuild
from edgevision.compress.graph.trace import trace
from edgevision.compress.load import load_keras
from edgevision.compress.plan import PruningPlan, Target
from edgevision.compress.run import prune_file
from edgevision.convert.convert import convert
from edgevision.errors import ModelError
from edgevision.runtime.session import Session
from tests.convert.conftest import ROOT, built

REAL = ROOT.parent / "shared" / "data" / "models"
HALF = PruningPlan(target=Target(measure="macs", fraction=0.5))


@pytest.fixture(scope="module")
def keras_2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("tf_keras", reason="tf_keras is not installed")
    return built("tests.keras_model.keras2", tmp_path_factory.mktemp("keras2"))


def made_again(model: Any) -> Any:
    """As pruning makes it: taking a plain tensor, however the file nests the inputs."""
    return rebuild(trace(model), changes={}, cuts={})


def test_a_depthwise_model_of_keras_2_answers_as_it_did(keras_2: Path) -> None:
    model = made_again(load_keras(keras_2 / "separable.h5"))
    with np.load(keras_2 / "separable.npz") as known:
        np.testing.assert_allclose(model(known["pixels"]), known["answers"], rtol=1e-4, atol=1e-6)


def test_keras_alone_does_not_load_it(keras_2: Path) -> None:
    with pytest.raises(Exception, match="groups"):
        keras.models.load_model(keras_2 / "separable.h5", compile=False)


def test_a_model_that_keras_3_would_compute_differently_is_refused(keras_2: Path) -> None:
    with pytest.raises(ModelError, match="hard_sigmoid") as refused:
        load_keras(keras_2 / "hard_sigmoid.h5")
    assert "convert" in refused.value.hint


def pruned_and_converted(source: Path, folder: Path) -> tuple[float, Path]:
    """Share of the multiply-adds left, and the `.tflite` of the smaller model."""
    report = prune_file(source, folder / "smaller.keras", HALF)
    convert(folder / "smaller.keras", folder / "smaller.tflite")
    return report.after[0].macs / report.before.macs, folder / "smaller.tflite"


def test_a_model_of_keras_2_is_pruned_saved_and_converted(keras_2: Path, tmp_path: Path) -> None:
    left, made = pruned_and_converted(keras_2 / "separable.h5", tmp_path)
    assert left <= 0.5
    smaller = keras.models.load_model(tmp_path / "smaller.keras")
    pixels = np.random.default_rng(3).random((1, 16, 16, 3), np.float32)
    with Session(made) as session:
        [answer] = session.run(pixels)
    np.testing.assert_allclose(answer, smaller(pixels), rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "classes"),
    [("mobilenet_v1_0.25_224_imagenet.h5", 1000), ("mlperf_vww_96.h5", 2)],
)
def test_real_models_of_keras_2_are_pruned_saved_and_converted(
    name: str, classes: int, tmp_path: Path
) -> None:
    if not (REAL / name).exists():
        pytest.skip(f"needs {REAL / name}")
    left, made = pruned_and_converted(REAL / name, tmp_path)
    assert left <= 0.5
    smaller = keras.models.load_model(tmp_path / "smaller.keras")
    pixels = np.random.default_rng(3).random((1, *smaller.inputs[0].shape[1:]), np.float32)
    with Session(made) as session:
        [answer] = session.run(pixels)
    assert answer.shape[-1] == classes
    np.testing.assert_allclose(answer, smaller(pixels), rtol=1e-2, atol=1e-4)
