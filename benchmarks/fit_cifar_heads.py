"""Put a last layer for CIFAR-10 on two published networks whose int8 is known to go wrong.

    python benchmarks/fit_cifar_heads.py ../shared/data/cifar10 runs/cifar_nets
        [--efficientnet-b0 best_efficientnet_b0.pth] [--mobilenet-v3 rvm_mobilenetv3_fp32.onnx]

efficientnet_b0.py and mobilenet_v3.py say where those files come from. The published weights stay
as they are; only the last layer is fitted, to the features of 96 x 96 enlargements, in three
minutes of one core. With --fine-tune EPOCHS all layers are trained after that, some ten minutes an
epoch. Writes efficientnet_b0.keras and mobilenet_v3.keras, for compare_ptq.py --nets.
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers
from ptq_subjects import PUBLISHED_SIDE, preprocessing_of

from edgevision.metrics.classification import top_k_accuracy
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.pixels import to_pixels
from edgevision.tensors import FloatArray, RgbImage

if TYPE_CHECKING:
    from collections.abc import Callable

PREPROCESSING = preprocessing_of(PUBLISHED_SIDE, "imagenet-torch")


def features_of(backbone: keras.Model, images: list[RgbImage]) -> FloatArray:
    """(images, features), a batch at a time."""
    parts = []
    for begin in range(0, len(images), 100):
        pixels = [to_pixels(image, PREPROCESSING) for image in images[begin : begin + 100]]
        parts.append(backbone(np.stack([normalize(one, PREPROCESSING) for one in pixels])).numpy())
    return np.concatenate(parts)


def fitted_head(features: FloatArray, labels: np.ndarray, epochs: int) -> layers.Dense:
    """Softmax regression on features brought to mean 0 and deviation 1, which it then undoes."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-3
    head = keras.Sequential([layers.Dense(10, activation="softmax")])
    head.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(1e-3, epochs * len(features) // 100),
            weight_decay=1e-2,
        ),
        loss="sparse_categorical_crossentropy",
    )
    head.fit((features - mean) / deviation, labels, batch_size=100, epochs=epochs, verbose=0)
    weights, bias = head.get_weights()
    weights = weights / deviation[:, None]
    dense = head.layers[0]
    dense.set_weights([weights, bias - mean @ weights])
    return dense


class Mirrored(keras.utils.PyDataset):  # type: ignore[misc]
    """Training images in batches, half of them mirrored."""

    def __init__(self, images: list[RgbImage], labels: np.ndarray, batch: int = 50) -> None:
        super().__init__()
        self.images, self.labels, self.batch = images, labels, batch
        self.random = np.random.default_rng(0)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.images) // self.batch

    def __getitem__(self, index: int) -> tuple[FloatArray, np.ndarray]:
        chosen = self.order[index * self.batch : (index + 1) * self.batch]
        pixels = np.stack([to_pixels(self.images[at], PREPROCESSING) for at in chosen])
        mirrored = self.random.random(len(chosen)) < 0.5
        pixels[mirrored] = pixels[mirrored, :, ::-1]
        return normalize(pixels, PREPROCESSING), self.labels[chosen]

    def on_epoch_end(self) -> None:
        """Shuffle."""
        self.order = self.random.permutation(len(self.images))


def fine_tune(model: keras.Model, batches: Mirrored, epochs: int) -> None:
    """Train all layers gently; normalizations keep their statistics, as batches are small."""
    for layer in model.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    rate = keras.optimizers.schedules.CosineDecay(2e-4, epochs * len(batches))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(batches, epochs=epochs, verbose=2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cifar10", type=Path, help="folder with train.npz and evaluation.npz")
    parser.add_argument("output", type=Path, help="folder for the .keras files")
    parser.add_argument("--efficientnet-b0", type=Path, metavar="PTH")
    parser.add_argument("--mobilenet-v3", type=Path, metavar="ONNX")
    parser.add_argument("--count", type=int, default=10000, help="training images")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--fine-tune", type=int, default=0, metavar="EPOCHS")
    asked = parser.parse_args()
    backbones: dict[str, Callable[[], keras.Model]] = {}
    if asked.efficientnet_b0:
        from efficientnet_b0 import efficientnet_b0

        backbones["efficientnet_b0"] = lambda: efficientnet_b0(
            asked.efficientnet_b0, PUBLISHED_SIDE
        )
    if asked.mobilenet_v3:
        from mobilenet_v3 import mobilenet_v3

        backbones["mobilenet_v3"] = lambda: mobilenet_v3(asked.mobilenet_v3, PUBLISHED_SIDE)
    if not backbones:
        parser.error("name --efficientnet-b0 or --mobilenet-v3, or both")
    asked.output.mkdir(parents=True, exist_ok=True)
    shown, held_out = (np.load(asked.cifar10 / f"{name}.npz") for name in ("train", "evaluation"))
    for name, build in backbones.items():
        keras.utils.set_random_seed(0)
        backbone = build()
        images, labels = list(shown["x"][: asked.count]), shown["y"].reshape(-1)[: asked.count]
        head = fitted_head(features_of(backbone, images), labels, asked.epochs)
        model = keras.Model(backbone.input, head(backbone.output), name=name)
        if asked.fine_tune:
            fine_tune(model, Mirrored(images, labels), asked.fine_tune)
        model.save(asked.output / f"{name}.keras")
        scores = features_of(model, list(held_out["x"]))
        accuracy = top_k_accuracy(scores, held_out["y"].reshape(-1)).value
        print(f"{asked.output / name}.keras: top-1 {accuracy:.3f}", flush=True)


if __name__ == "__main__":
    main()
