"""The camera command in a process of its own: `python -m tests.camera.command camera ...`.

As `python -m edgevision` would run it, with this one command and the same guard around it.
"""

import sys

import typer

from edgevision.cli.app import guarded, run
from edgevision.cli.app import app as real_app
from edgevision.cli.camera import camera


def main() -> int:
    names = {command.name for command in real_app.registered_commands}
    if "camera" not in names:
        real_app.command("camera")(guarded(camera))
    return run(sys.argv[1:])


if __name__ == "__main__":
    assert isinstance(real_app, typer.Typer)
    sys.exit(main())
