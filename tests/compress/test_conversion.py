"""What is left of a model converts, quantizes and runs like any other."""

from pathlib import Path

import keras
import numpy as np
import pytest

from edgevision.compress.plan import PruningPlan, Target
from edgevision.compress.prune import prune
from edgevision.convert.convert import convert
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.recipe.named import recipe_for
from edgevision.runtime.session import Session
from tests.compress.models import randomize, resnet_like


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet_like", "MobileNetV3Small"])
def test_the_smaller_model_is_as_good_a_model_as_any(name: str, tmp_path: Path) -> None:
    if name == "resnet_like":
        model = resnet_like()
    else:
        model = keras.applications.MobileNetV3Small(
            weights=None, input_shape=(32, 32, 3), classes=4
        )
    randomize(model)
    pruned = prune(model, PruningPlan(target=Target(measure="channels", fraction=0.5)))
    source, made = tmp_path / "model.keras", tmp_path / "model.tflite"
    pruned.model.save(source)
    converted = convert(source, made)
    _, height, width, _ = converted.input_shape
    preprocessing = ImagePreprocessing(width=width, height=height, fit="stretch")
    images = np.random.default_rng(0).integers(0, 256, (16, height, width, 3)).astype(np.uint8)
    small = quantize(
        made, preprocessing=preprocessing, images=lambda: iter(images), recipe=recipe_for("int8")
    )
    expected = np.asarray(pruned.model(images.astype(np.float32)))
    with Session(made) as session:
        found = np.concatenate([session.run(image[None].astype(np.float32))[0] for image in images])
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())
    with Session(small.content) as session:
        answers = np.concatenate([session.run(image[None])[0] for image in images])
    assert np.corrcoef(answers.ravel(), expected.ravel())[0, 1] > 0.8
    # The prediction of a dry run is near what comes out.
    assert len(small.content) == pytest.approx(pruned.after.int8_bytes, rel=0.25)
