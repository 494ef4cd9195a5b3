"""The training script of the demo: what a user of EdgeVision has written before they meet us.

Run as `python train_digits.py FOLDER`: writes scikit-learn's 1,797 handwritten digits as PNG files
under FOLDER/train and FOLDER/held-out, a folder per class, trains the Conv-Pool-Conv-Pool-Flatten-
Dense network of many articles on the first, and saves FOLDER/digits.keras.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 32
"""The digits are scanned at 8 x 8; enlarged, so that convolutions and pooling have room."""

SEED = 7


def write_photos(folder: Path) -> None:
    """Write each digit as a grey PNG; every fourth of a class is held out from training."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    seen = [0] * 10
    for picture, label in zip(digits.images, digits.target, strict=True):
        pixels = np.rint(picture * (255 / 16)).astype(np.uint8)
        enlarged = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        part = "held-out" if seen[label] % 4 == 3 else "train"
        path = folder / part / str(label) / f"{seen[label]:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), enlarged)
        seen[label] += 1


def read_photos(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Pictures (n, SIDE, SIDE, 1) in 0..1 and their labels."""
    paths = sorted(folder.glob("*/*.png"))
    pictures = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    x = np.stack([picture for picture in pictures if picture is not None])
    return (x[..., None] / 255).astype(np.float32), np.array([int(p.parent.name) for p in paths])


def train(folder: Path) -> None:
    """Train with augmentation until the validation loss stops falling; save the best weights."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(SEED)
    x, y = read_photos(folder / "train")
    order = np.random.default_rng(SEED).permutation(len(x))
    x, y = x[order], y[order]
    model = keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 1)),
            layers.RandomTranslation(0.1, 0.1, fill_mode="constant"),
            layers.RandomRotation(0.04, fill_mode="constant"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        x,
        y,
        validation_split=0.15,
        epochs=30,
        batch_size=32,
        verbose=2,
        callbacks=[keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True)],
    )
    model.save(folder / "digits.keras")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_photos(target)
    train(target)
