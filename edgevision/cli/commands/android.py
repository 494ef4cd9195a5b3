"""`edgevision android`: ship a model in the demo app, or in an app of one's own, and check it."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options.common import Json
from edgevision.errors import UsageError, VerificationError
from edgevision.quantities import megabytes

if TYPE_CHECKING:
    from edgevision.android.export import Exported
    from edgevision.android.photos import Photo
    from edgevision.android.project import Project

app = typer.Typer(
    no_args_is_help=True, help="Put a model into an Android app, and check what is in an APK."
)

DEMO = Path("android_demo")
_PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_MARKS = {"ok": "ok", "warning": "WARNING", "failed": "FAILED"}


@app.command("export")
def export(
    model: Annotated[Path, typer.Argument(help="A .tflite with a model card.", show_default=False)],
    *,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            "-o",
            help="Folder of the app's Gradle project. Default: android_demo here.",
            show_default=False,
        ),
    ] = None,
    make_app: Annotated[
        Path | None,
        typer.Option(
            "--new-app",
            metavar="DIR",
            help="First copy the demo app to this folder, as an app of your own.",
            show_default=False,
        ),
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(
            "--package",
            metavar="com.example.x",
            help="Application id of the new app; needed by --new-app.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Class names, one a line, in place of the card's.", show_default=False),
    ] = None,
    photos: Annotated[
        list[Path] | None,
        typer.Option(
            "--photo",
            help="Photo, or folder of photos, that the app must answer as Python does; may be "
            "repeated. Default: drawn pictures.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a model into an Android app: the file, its card, and photos with Python's answers.

    A uint8 interface, for which LiteRT's Kotlin API has no type, becomes int8; that the answers
    stay the same is proven on the spot.
    """
    from edgevision.android.export import export as export_model
    from edgevision.api.arguments.images import class_names

    names = class_names(labels) or None
    golden = _photos(photos or [])
    target = _target(project, make_app, package)
    try:
        with console.progress_bar() as progress:
            exported = export_model(model, target, labels=names, photos=golden, progress=progress)
    except BaseException:
        # A new app without its model would be in the way of the next try.
        if make_app is not None:
            shutil.rmtree(target.folder, ignore_errors=True)
        raise
    if as_json:
        console.print_json(_document(exported))
    else:
        _render(exported, target)


@app.command("check")
def check(
    path: Annotated[
        Path, typer.Argument(help="An .apk, or the folder of a project.", show_default=False)
    ],
    *,
    as_json: Json = False,
) -> None:
    """Check an APK or a project: model, card, alignment, permissions, SDK levels, code.

    Needs neither the Android SDK nor Java. Exits with 8 when something failed.
    """
    from dataclasses import asdict

    from edgevision.android.check.check_app import check as check_app

    findings = check_app(path)
    failed = [finding for finding in findings if finding.outcome == "failed"]
    if as_json:
        console.print_json(
            {"path": str(path), "ok": not failed, "checks": [asdict(found) for found in findings]}
        )
    else:
        table = console.new_table("check", "result", "what was found", left=("result",))
        table.columns[2].justify = "left"
        for finding in findings:
            table.add_row(finding.check, _MARKS[finding.outcome], finding.detail)
        console.print_table(table)
    if failed:
        message = f"{path.name}: {len(failed)} of {len(findings)} checks failed: {failed[0].check}"
        raise VerificationError(message, hint="docs/android.md says what each check asks for")


def _target(project: Path | None, make_app: Path | None, package: str | None) -> "Project":
    from edgevision.android.project import new_app, read_project

    if make_app is None:
        if package is not None:
            message = "--package names a new app"
            raise UsageError(message, hint="add --new-app DIR")
        return read_project(project or DEMO)
    if project is not None:
        message = "--project and --new-app are two targets"
        raise UsageError(message, hint="give one of them")
    if package is None:
        message = "a new app needs an application id"
        raise UsageError(message, hint="add --package com.example.birds")
    return new_app(make_app, package)


def _photos(paths: list[Path]) -> "tuple[Photo, ...]":
    from edgevision.android.photos import load_photos

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [p for p in sorted(path.iterdir()) if p.suffix.lower() in _PHOTO_SUFFIXES]
            if not inside:
                message = f"{path} holds no photos"
                raise UsageError(message, hint=f"known: {', '.join(sorted(_PHOTO_SUFFIXES))}")
            found += inside
        else:
            found.append(path)
    return load_photos(tuple(found))


def _document(exported: "Exported") -> dict[str, object]:
    return {
        "folder": str(exported.folder),
        "model": exported.card.name,
        "sha256": exported.sha256,
        "size_bytes": exported.size_bytes,
        "source_sha256": exported.source_sha256,
        "litert": exported.litert,
        "inputs_proven": exported.inputs_proven,
        "golden_photos": exported.goldens,
        "labels": len(exported.card.labels),
    }


def _render(exported: "Exported", target: "Project") -> None:
    size = megabytes(exported.size_bytes)
    console.print_text(f"{exported.card.name} ({size}) is in {exported.folder}")
    if exported.inputs_proven:
        console.print_text(
            f"  uint8 became int8; equal answers on {exported.inputs_proven} inputs, bit for bit"
        )
    if not exported.card.labels:
        console.warn("the card has no labels: the app will show class numbers (see --labels)")
    console.print_text(f"  {exported.goldens} golden photos for LiteRT {exported.litert}")
    console.note(f"next: open {target.folder} in Android Studio and press Run, then")
    console.note(f"      edgevision android check {target.folder}")
