"""How many photos give steady ranges: the table in docs/calibration.md.

    python benchmarks/calibration_stability.py float.tflite photos/calibration \
        --preprocess imagenet-torch --counts 6 10 20 50 100 --draws 3

Prints, for each count and draw, the share of activation tensors whose ranges on the two halves of
the draw overlap by less than 0.8. Draws do not share photos.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from edgevision.dataset.calibration.choose import choose
from edgevision.dataset.calibration.stability import Range, measure_stability
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.dataset.imageset import Item
from edgevision.preprocess.options import from_option
from edgevision.runtime.activation_ranges import mean_ranges
from edgevision.runtime.session import Session


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path, help="float .tflite")
    parser.add_argument("images", type=Path, help="image set to draw from")
    parser.add_argument("--preprocess", required=True, help="preset or TOML file")
    parser.add_argument("--counts", type=int, nargs="+", default=[6, 10, 20, 50, 100])
    parser.add_argument("--draws", type=int, default=3)
    arguments = parser.parse_args()

    images = open_image_set(arguments.images)
    with Session(arguments.model) as session:
        _, height, width, channels = session.inputs[0].shape
    preprocessing = from_option(arguments.preprocess).preprocessing(
        width=width, height=height, channels=channels
    )
    shuffled = choose(images, count=arguments.draws * max(arguments.counts)).items
    # Every photo is run once; means over any draw follow from these.
    of_item = {
        item: mean_ranges(arguments.model, preprocessing, images, [item]) for item in shuffled
    }

    def ranges_of(items: Sequence[Item]) -> dict[str, Range]:
        names = of_item[items[0]]
        return {
            name: (
                sum(of_item[item][name][0] for item in items) / len(items),
                sum(of_item[item][name][1] for item in items) / len(items),
            )
            for name in names
        }

    for count in arguments.counts:
        draws = [shuffled[start : start + count] for start in range(0, len(shuffled), count)]
        for draw in [draw for draw in draws if len(draw) == count][: arguments.draws]:
            stability = measure_stability(draw, ranges_of)
            share = len(stability.unstable) / len(stability.overlaps)
            worst = min(stability.overlaps.values())
            print(f"{count:4d} images: {share:.2f} below 0.8, worst overlap {worst:.2f}")


if __name__ == "__main__":
    main()
