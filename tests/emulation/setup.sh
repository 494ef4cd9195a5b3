#!/usr/bin/env bash
# A Raspberry Pi userland to run under qemu-user: Debian arm64 files, aarch64 wheels of EdgeVision's
# base dependencies, and EdgeVision itself, installed from its wheel. No root or chroot at run time.
# Usage: tests/emulation/setup.sh [FOLDER]   (default .cache/aarch64; done again when sources change)
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-.cache/aarch64}
python=${PYTHON:-.venv/bin/python}

for tool in mmdebstrap qemu-aarch64-static; do
    command -v "$tool" > /dev/null || { echo "missing $tool: apt-get install mmdebstrap qemu-user-static" >&2; exit 3; }
done
mkdir -p "$folder"

if [ ! -e "$folder/root/.complete" ]; then
    rm -rf "$folder/root"
    # The machine's own Debian mirror, for the suite that carries the Python of Raspberry Pi OS.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
    mmdebstrap --quiet --variant=extract --architectures=arm64 \
        --include=python3,libstdc++6,libgcc-s1,zlib1g,libgomp1,libatomic1 bookworm "$folder/root" "$mirror"
    # XNNPACK asks the kernel what the CPU can do; under qemu these files are what it is told.
    # With the host's x86 /proc/cpuinfo in view LiteRT crashes, without /sys it falls back silently.
    mkdir -p "$folder/root/proc" "$folder/root/sys/devices/system/cpu"
    echo 0-3 | tee "$folder/root/sys/devices/system/cpu/possible" > "$folder/root/sys/devices/system/cpu/present"
    for core in 0 1 2 3; do
        # A Raspberry Pi 5: four Cortex-A76 (ARM part 0xd0b).
        cat << CORE
processor	: $core
BogoMIPS	: 108.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x4
CPU part	: 0xd0b
CPU revision	: 1

CORE
    done > "$folder/root/proc/cpuinfo"
    touch "$folder/root/.complete"
fi

sources=$(cat pyproject.toml edgevision/*.py edgevision/*/*.py | sha256sum | cut -d ' ' -f 1)
if [ "$(cat "$folder/site/.sources" 2> /dev/null)" != "$sources" ]; then
    rm -rf "$folder/wheel" "$folder/site"
    "$python" -m pip wheel --quiet --no-deps --wheel-dir "$folder/wheel" .
    "$python" -m pip install --quiet --only-binary :all: --implementation cp --python-version 3.11 \
        --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_34_aarch64 \
        --target "$folder/site" "$folder"/wheel/edgevision-*.whl
    echo "$sources" > "$folder/site/.sources"
fi
