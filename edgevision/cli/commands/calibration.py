"""`edgevision calibration`: the photos that int8 ranges are measured on."""

import typer

from edgevision.cli.commands import calibration_build, calibration_check

app = typer.Typer(
    no_args_is_help=True, help="Choose and check the photos that int8 is calibrated with."
)
app.command("build")(calibration_build.build)
app.command("check")(calibration_check.check)
