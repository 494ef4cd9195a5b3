"""The options by which a command line says how a model wants its pixels; shared by commands."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.options.groups import option_group

if TYPE_CHECKING:
    from edgevision.preprocess.declared import Preprocessing


@option_group("How photos become input")
@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessingOptions:
    """What the command line says of it; the model's card or a set may say the rest."""

    preprocess: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml",
            help="As the model was trained: a preset, or a TOML file. An unknown name lists the"
            " presets.",
        ),
    ] = None
    mean: Annotated[
        str | None,
        typer.Option(
            metavar="X[,X,X]", help="Subtracted from pixels 0-255; one number, or one a channel."
        ),
    ] = None
    std: Annotated[
        str | None,
        typer.Option(metavar="X[,X,X]", help="What is left is divided by this."),
    ] = None
    fit: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Photos of another shape: stretch (the default), center-crop or letterbox.",
        ),
    ] = None
    crop_fraction: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Side of the centre crop, of the largest one's: such as 0.875."
        ),
    ] = None
    color: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Channels the model takes: rgb, bgr or gray; the preset's unless given.",
        ),
    ] = None

    def declared(self) -> "Preprocessing":
        """What the options say, for a command that measures no model; nothing is filled in.

        Raises:
            UsageError: a value is unknown, out of range or no number, or auto.
        """
        from edgevision.preprocess.options import refuse_auto

        declared = self.given()
        refuse_auto(declared)
        return declared

    def given(self) -> "Preprocessing":
        """What the options say, auto too, for a function that refuses that where it has to.

        Raises:
            UsageError: a value is unknown, out of range or no number.
        """
        from edgevision.preprocess.options import from_flags

        return from_flags(
            preprocess=self.preprocess,
            mean=self.mean,
            std=self.std,
            fit=self.fit,
            crop_fraction=self.crop_fraction,
            color=self.color,
        )


@option_group("How photos become input")
@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPreprocessingOptions(PreprocessingOptions):
    """The same for a command that can measure the model."""

    preprocess: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml|auto",
            help="As the model was trained: a preset, a TOML file, or auto: what labelled photos"
            " show. An unknown name lists the presets.",
        ),
    ] = None
