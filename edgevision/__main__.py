"""Entry point of the `edgevision` command."""

import sys


def main() -> None:
    """Run the command line; the process ends with one of the exit codes of `edgevision.errors`."""
    from edgevision.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
