"""`edgevision demo`: the main job from end to end, in under three minutes."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options


def demo(
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to fill.")] = Path(
        "edgevision-demo"
    ),
    overwrite: options.Overwrite = False,
) -> None:
    """Train a small CNN on handwritten digits, then optimize, evaluate and bench it.

    The digits come with scikit-learn; nothing is downloaded.
    """
    from edgevision.demo.run import run_demo

    done = run_demo(output, overwrite=overwrite, say=lambda line: print(line, flush=True))  # noqa: T201
    console.print_text(f"\nDone in {done.seconds:.0f} s. Everything is in {done.folder}/:")
    for path, what in (
        ("train/ held-out/", "the photos, a folder per class"),
        ("digits.keras", "the trained model"),
        ("calibration/", "the calibration set: set.toml and manifest.csv"),
        ("digits-edge/", "float32.tflite, int8.tflite, their cards, report.json"),
    ):
        console.print_text(f"  {path:<18}{what}")
    console.print_text(
        "Next, your own: edgevision optimize model.keras --int8 --calibration PHOTOS"
    )
