"""The options of timing files on a device; shared by commands that choose by what they time."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.options.common import refuse_unused
from edgevision.cli.options.groups import option_group
from edgevision.errors import UsageError

if TYPE_CHECKING:
    from edgevision.bench.remote.dispatch import Access
    from edgevision.bench.remote.target import Target


@option_group("Where files are timed")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOptions:
    """The machine on which files are timed, and how to get at it."""

    on: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET",
            help="The device, whose times decide: local (this machine),"
            " ssh://user@host:port/python (the last two as needed), adb:SERIAL.",
        ),
    ] = None
    ssh_config: Annotated[Path | None, typer.Option(help="For ssh, as its -F.")] = None
    benchmark_model: Annotated[Path | None, typer.Option(help="TFLite's native tool, for adb.")] = (
        None
    )

    def place(self) -> "tuple[Target | None, Access]":
        """The device, None where none was named, and how to get there.

        Raises:
            UsageError: `--on` names no place, lacks what it needs, or an option would do nothing.
        """
        from edgevision.bench.remote.dispatch import Access
        from edgevision.bench.remote.target import AdbTarget, SshTarget, parse_target

        target = None if self.on is None else parse_target(self.on)
        if not isinstance(target, SshTarget):
            refuse_unused({"ssh_config": self.ssh_config}, without="--on ssh://HOST")
        if not isinstance(target, AdbTarget):
            refuse_unused({"benchmark_model": self.benchmark_model}, without="--on adb")
        elif self.benchmark_model is None:
            raise UsageError(
                f"timing on {target} needs TFLite's benchmark_model binary",
                hint="--benchmark-model PATH; docs/bench.md says where to get it",
            )
        options = ("-F", str(self.ssh_config)) if self.ssh_config else ()
        return target, Access(ssh_options=options, benchmark_model=self.benchmark_model)

    def refuse(self, *, without: str) -> None:
        """Raise if any was given: nothing is timed.

        Raises:
            UsageError: one was.
        """
        refuse_unused(asdict(self), without=without)
