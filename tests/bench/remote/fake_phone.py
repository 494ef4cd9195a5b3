"""A phone made of a folder: a fake `adb` that runs what it is asked in a shell."""

import sys
from pathlib import Path

from edgevision.bench.remote.adb import Adb
from edgevision.bench.remote.target import AdbTarget

ADB = """#!{python}
import os, pathlib, shutil, subprocess, sys
words = sys.argv[1:]
serial = "R58M"
if words[:1] == ["-s"]:
    serial, words = words[1], words[2:]
if serial != "R58M":
    sys.exit(f"error: device '{{serial}}' not found")
root = pathlib.Path("{root}")
state = (root / "state").read_text()
if state != "device":
    sys.exit(f"error: device {{state}}.")
if words == ["get-state"]:
    print("device")
elif words[0] == "push":
    copy = shutil.copytree if os.path.isdir(words[1]) else shutil.copy
    copy(words[1], str(root) + words[2])
elif words[0] == "shell":
    command = words[1].replace("/data/local/tmp", str(root) + "/data/local/tmp")
    more = {{"PATH": f"{{root}}/bin:" + os.environ["PATH"], "ROOT": str(root)}}
    sys.exit(subprocess.run(["sh", "-c", command], env=os.environ | more).returncode)
"""
GETPROP = """#!/bin/sh
case "$1" in
ro.product.manufacturer) echo Google;; ro.product.model) echo "Pixel 8";;
ro.soc.model) echo "Tensor G3";; ro.build.version.release) echo 15;; *) echo;;
esac
"""


def make_phone(folder: Path) -> Adb:
    """The phone R58M in `folder`/phone; programs are in bin/, what adb sees of it in state."""
    root = folder / "phone"
    (root / "data/local/tmp").mkdir(parents=True)
    (root / "bin").mkdir()
    (root / "state").write_text("device")
    write_program(folder / "adb", ADB.format(python=sys.executable, root=root))
    write_program(root / "bin/getprop", GETPROP)
    return Adb(target=AdbTarget(serial="R58M"), program=str(folder / "adb"))


def write_program(path: Path, text: str) -> None:
    """Write a program that can be run."""
    path.write_text(text)
    path.chmod(0o755)
