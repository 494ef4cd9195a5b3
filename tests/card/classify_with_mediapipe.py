"""Run by MediaPipe's own Python: classify pictures with a model, and print the answers as JSON.

usage: classify_with_mediapipe.py MODEL PICTURE.npy...
"""

import json
import sys

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import ImageClassifier, ImageClassifierOptions


def main(model: str, *pictures: str) -> None:
    options = ImageClassifierOptions(base_options=BaseOptions(model_asset_path=model))
    answers = []
    with ImageClassifier.create_from_options(options) as classifier:
        for picture in pictures:
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.load(picture))
            best = classifier.classify(image).classifications[0].categories[0]
            answers.append({"index": best.index, "label": best.category_name, "score": best.score})
    print(json.dumps(answers))  # noqa: T201 - this is a program


if __name__ == "__main__":
    main(*sys.argv[1:])
