"""All commands under one name, and the one place where errors become sentences and exit codes."""

import functools
import inspect as introspection
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from edgevision import __version__
from edgevision.cli import console
from edgevision.cli.commands import (
    android,
    bench,
    calibration,
    camera,
    compare,
    convert,
    demo,
    doctor,
    evaluate,
    inspect,
    optimize,
    prune,
    quantize,
    report,
    verify,
)
from edgevision.errors import EdgeVisionError

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """`command`, with its errors printed as sentences and turned into exit codes."""

    @functools.wraps(command)
    def run_command(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            # Where exec() was interrupted, as when a dataclass is made, CPython notes that nobody
            # caught it, and `python -m` ends by the signal in place of our code. This clears it.
            exec("")  # noqa: S102 - it is empty
            console.note("interrupted; nothing half-written is left behind")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of our stdout went away (`| head`); not an error worth words.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except EdgeVisionError as error:
            show_traceback()
            console.error(str(error), error.hint)
            raise typer.Exit(error.exit_code) from error
        except MemoryError as error:
            show_traceback()
            console.error("out of memory", "use fewer images, or a machine with more memory")
            raise typer.Exit(EdgeVisionError.exit_code) from error
        except Exception as error:
            show_traceback()
            console.error(
                f"{type(error).__name__}: {error}",
                "this is a fault of ours: run again with --debug and report what it prints",
            )
            raise typer.Exit(EdgeVisionError.exit_code) from error

    run_command.__doc__ = _unwrapped(command.__doc__ or "")
    return run_command


def _unwrapped(text: str) -> str:
    """`text`, a paragraph a line: typer keeps our line ends, and a terminal adds its own."""
    paragraphs = introspection.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def show_traceback() -> None:
    """With --debug, the way to the error being handled, on stderr."""
    if console.settings.debug:
        traceback.print_exc()


app = typer.Typer(
    name="edgevision",
    help="Take a trained Keras image model to a Raspberry Pi or a phone, with proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgevision {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No progress and no notes, only the result.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and the log of what happens.")
    ] = False,
) -> None:
    console.configure(quiet=quiet or console.settings.quiet, debug=debug or console.settings.debug)


COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("optimize", optimize.optimize),
    ("prune", prune.prune),
    ("convert", convert.convert),
    ("quantize", quantize.quantize),
    ("verify", verify.verify),
    ("evaluate", evaluate.evaluate),
    ("bench", bench.bench),
    ("compare", compare.compare),
    ("report", report.report),
    ("inspect", inspect.inspect),
    ("camera", camera.camera),
    ("doctor", doctor.doctor),
    ("demo", demo.demo),
)
"""In the order of the help: the main job first."""
GROUPS: tuple[tuple[str, typer.Typer], ...] = (
    ("calibration", calibration.app),
    ("android", android.app),
)

for _name, _command in COMMANDS:
    app.command(_name)(guarded(_command))
for _name, _group in GROUPS:
    for _registered in _group.registered_commands:
        if _registered.callback is not None:
            _registered.callback = guarded(_registered.callback)
    app.add_typer(_group, name=_name)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code.

    `--quiet` and `--debug` are understood anywhere on the line, before or after the command.
    """
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    anywhere = {"--quiet", "--debug"}
    console.configure(quiet="--quiet" in words[:end], debug="--debug" in words[:end])
    kept = [word for word in words[:end] if word not in anywhere] + words[end:]
    try:
        app(args=kept, prog_name="edgevision")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 0
