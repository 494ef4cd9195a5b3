"""`edgevision report`: results as one HTML file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli import console

if TYPE_CHECKING:
    from edgevision.report.tables import Thumbnail

_SIDE = 224
"""Of a thumbnail, in pixels: a gallery of 24 then stays below half a megabyte."""


def report(
    results: Annotated[list[Path], typer.Argument(help="Results of edgevision bench -o.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML file.")] = Path(
        "report.html"
    ),
    data: Annotated[
        Path | None, typer.Option(help="Image set, to show the images answered otherwise.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="As for bench.")] = None,
    layers: Annotated[
        Path | None, typer.Option(help="Error of each layer: JSON of edgevision verify -o.")
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the page.")] = "EdgeVision report",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the output.")] = False,
) -> None:
    """Write one self-contained HTML file: tables, plots and images; no network, no script."""
    from edgevision.bench.results.result import read_results, to_document
    from edgevision.files import refuse_to_replace, write_text
    from edgevision.report.layers import read_layers
    from edgevision.report.page import render

    refuse_to_replace(output, overwrite=overwrite)
    # Through our own types, so that old versions and damaged files are dealt with in one place.
    found = [result for path in results for result in read_results(path)]
    page = render(
        to_document(found)["runs"],
        layers=read_layers(layers) if layers else (),
        thumbnail=_thumbnails(data, labels) if data else lambda _id: None,
        title=title,
    )
    write_text(output, page, overwrite=overwrite)
    console.note(f"wrote {output}")


def _thumbnails(data: Path, labels: Path | None) -> "Thumbnail":
    from edgevision.dataset.formats.open_set import open_image_set
    from edgevision.report.thumbnail import thumbnail_of

    images = open_image_set(data, labels=labels)
    by_id = {item.id: item for item in images}

    def thumbnail(name: str) -> bytes | None:
        item = by_id.get(name)
        return thumbnail_of(images.load(item), _SIDE) if item else None

    return thumbnail
