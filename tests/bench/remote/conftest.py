"""An OpenSSH server of its own on loopback, with its own keys, for as long as a test needs it."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgevision.bench.remote.target import SshTarget


@dataclass(frozen=True)
class Board:
    """A server, the client settings that reach it, and where its programs put temporary files."""

    port: int
    config: Path
    temporary: Path
    server: "subprocess.Popen[bytes]"

    @property
    def options(self) -> tuple[str, ...]:
        return ("-F", str(self.config))

    def target(self, python: str = sys.executable) -> SshTarget:
        return SshTarget(user=getpass.getuser(), host="127.0.0.1", port=self.port, python=python)

    def left_behind(self) -> list[str]:
        """Names of our folders there, after a moment for cleaning up."""
        for _ in range(600):
            left = [path.name for path in self.temporary.glob("edgevision-bench-*")]
            if not left:
                return []
            time.sleep(0.1)
        return left


def make_key(path: Path) -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return path


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    if sshd is None or shutil.which("ssh") is None:
        pytest.skip("needs OpenSSH (apt install openssh-server)")
    if os.geteuid() == 0:
        # Where Debian's sshd, when root, keeps an empty folder to lock itself into.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    host_key, user_key = make_key(folder / "host"), make_key(folder / "user")
    (folder / "authorized").write_bytes(user_key.with_suffix(".pub").read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host_key}\nUsePAM no\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nStrictModes no\nPidFile none\n"
        "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        f"SetEnv TMPDIR={temporary}\n"
    )
    public = " ".join(host_key.with_suffix(".pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
    (folder / "config").write_text(
        f"IdentityFile {user_key}\nIdentitiesOnly yes\n"
        f"UserKnownHostsFile {folder / 'known_hosts'}\n"
        "GlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\nLogLevel ERROR\n"
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    try:
        for _ in range(1200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail(f"sshd did not start: {(folder / 'log').read_text()}")
        yield Board(port=port, config=folder / "config", temporary=temporary, server=server)
    finally:
        server.terminate()
        server.wait()
