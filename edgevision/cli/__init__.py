"""The command line: one small file per command, which parses, calls one function and renders.

Nothing heavy is imported here or at the top of a command's file, so that `--help` is quick.
"""

from edgevision.cli.app import app, run

__all__ = ["app", "run"]
