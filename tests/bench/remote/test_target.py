import subprocess
import sys

import pytest

from edgevision.bench.remote.bundle import needed_modules
from edgevision.bench.remote.target import AdbTarget, Local, SshTarget, parse_target
from edgevision.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local", Local()),
        ("ssh://pi@raspberrypi.local", SshTarget(user="pi", host="raspberrypi.local")),
        ("ssh://10.0.0.7:2222", SshTarget(host="10.0.0.7", port=2222)),
        (
            "ssh://pi@pi5:22/opt/v/bin/python",
            SshTarget(user="pi", host="pi5", port=22, python="/opt/v/bin/python"),
        ),
        ("adb", AdbTarget()),
        ("adb:R58M123ABC", AdbTarget(serial="R58M123ABC")),
        ("adb:192.168.0.5:5555", AdbTarget(serial="192.168.0.5:5555")),
    ],
)
def test_a_target_is_read_and_written(text: str, expected: object) -> None:
    target = parse_target(text)
    assert target == expected
    assert str(target) == text


def test_ssh_takes_an_ipv6_address_without_brackets() -> None:
    target = parse_target("ssh://pi@[fe80::1%eth0]:22")
    assert isinstance(target, SshTarget)
    assert (target.login, target.port) == ("pi@fe80::1%eth0", 22)


@pytest.mark.parametrize(
    "text",
    [
        "pi@host",
        "ssh://",
        "ssh://-oProxyCommand=id",
        "ssh://-l@host",
        "ssh://host:99999",
        "ssh://ho st",
        "adb:-s",
        "adb:x;reboot",
        "",
    ],
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no place to measure"):
        parse_target(text)


def test_what_goes_to_a_board_needs_only_numpy_and_a_runtime() -> None:
    allowed = {"numpy", "ai_edge_litert", "tflite_runtime", "flatbuffers", "edgevision"}
    program = (
        "import sys\n"
        f"for name in {[name for name in needed_modules() if not name.endswith('agent')]!r}:\n"
        "    __import__(name)\n"
        "import edgevision.bench.remote.agent\n"
        "print(*{name.partition('.')[0] for name in sys.modules})\n"
    )
    reply = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name for name in reply.stdout.split() if not name.startswith("_")}
    # NumPy's compiled parts bring the name "cython_runtime" along.
    assert loaded - set(sys.stdlib_module_names) - allowed <= {"sitecustomize", "cython_runtime"}
    assert "numpy" in loaded
