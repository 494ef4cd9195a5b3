from dataclasses import replace

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import QuantizedModel, quantize
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import random_images, small_cnn

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))


def made(recipe: Recipe, count: int = 24) -> QuantizedModel:
    images = random_images(count)
    return quantize(
        serialize(small_cnn()), preprocessing=PREPROCESSING, images=lambda: images, recipe=recipe
    )


def test_what_was_tried_is_told_with_its_loss() -> None:
    steps = made(Recipe(quality="balanced")).steps
    assert any("equalized" in one.step for one in steps)
    assert any("rounded" in one.step for one in steps)
    assert all(one.loss >= 0 for one in steps)


def test_a_step_that_does_not_help_is_not_kept() -> None:
    ranges, equalized, layers, rounded = made(Recipe(quality="balanced", ranges="min-max")).steps
    assert equalized.kept == (equalized.loss < 0.99 * ranges.loss)
    assert rounded.kept == (rounded.loss < 0.99 * layers.loss)


def test_fast_never_tries_to_round() -> None:
    steps = made(Recipe(quality="fast")).steps
    assert not any("rounded" in one.step for one in steps)
    assert [one.kept for one in steps[:3]].count(True) == 1


def test_switched_off_means_not_tried() -> None:
    recipe = Recipe(quality="balanced", ranges="min-max", equalization="off", weight_rounding="off")
    assert made(recipe).steps == ()


def test_too_few_images_to_judge_on_try_nothing() -> None:
    assert made(Recipe(quality="balanced"), count=7).steps == ()


def test_equal_seeds_give_equal_files() -> None:
    recipe = Recipe(equalization="on", weight_rounding="on")
    assert made(recipe).content == made(recipe).content


def test_every_switch_changes_the_file() -> None:
    plain = Recipe(
        ranges="min-max", bias_correction=False, equalization="off", weight_rounding="off"
    )
    files = {
        made(recipe).content
        for recipe in (
            plain,
            replace(plain, ranges="mean-min-max"),
            replace(plain, bias_correction=True),
            replace(plain, equalization="on"),
            replace(plain, weight_rounding="on"),
        )
    }
    assert len(files) == 5
