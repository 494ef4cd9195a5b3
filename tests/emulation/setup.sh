#!/usr/bin/env bash
# A Raspberry Pi userland to run under qemu-user; no root or chroot at run time. Done again when sources
# change. Usage: tests/emulation/setup.sh aarch64|armhf [FOLDER]   (default .cache/ARCHITECTURE)
#   aarch64: Debian arm64 files, aarch64 wheels of EdgeVision's base dependencies, EdgeVision's own wheel.
#   armhf:   32-bit Raspberry Pi OS: NumPy and OpenCV from Debian as on the board, tflite-runtime from its
#            wheel, EdgeVision from this checkout. About a minute and 900 MB.
set -euo pipefail
cd "$(dirname "$0")/../.."
architecture=${1:?aarch64 or armhf}
folder=${2:-.cache/$architecture}
python=${PYTHON:-.venv/bin/python}

case $architecture in
    aarch64) debian=arm64 qemu=qemu-aarch64-static packages=python3,libstdc++6,libgcc-s1,zlib1g,libgomp1,libatomic1 ;;
    armhf) debian=armhf qemu=qemu-arm-static packages=python3,python3-numpy,python3-opencv ;;
    *) echo "unknown architecture $architecture: aarch64 or armhf" >&2; exit 2 ;;
esac
for tool in mmdebstrap "$qemu"; do
    command -v "$tool" > /dev/null || { echo "missing $tool: apt-get install mmdebstrap qemu-user-static" >&2; exit 3; }
done

describe_pi_5() {
    # XNNPACK asks the kernel what the CPU can do; under qemu these files are what it is told.
    # With the host's x86 /proc/cpuinfo in view LiteRT crashes, without /sys it falls back silently.
    mkdir -p "$1/proc" "$1/sys/devices/system/cpu"
    echo 0-3 | tee "$1/sys/devices/system/cpu/possible" > "$1/sys/devices/system/cpu/present"
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
    done > "$1/proc/cpuinfo"
}

install_aarch64() {
    local sources
    sources=$(cat pyproject.toml edgevision/*.py edgevision/*/*.py | sha256sum | cut -d ' ' -f 1)
    [ "$(cat "$folder/site/.sources" 2> /dev/null)" != "$sources" ] || return 0
    rm -rf "$folder/wheel" "$folder/site"
    "$python" -m pip wheel --quiet --no-deps --wheel-dir "$folder/wheel" .
    "$python" -m pip install --quiet --only-binary :all: --implementation cp --python-version 3.11 \
        --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_34_aarch64 \
        --target "$folder/site" "$folder"/wheel/edgevision-*.whl
    echo "$sources" > "$folder/site/.sources"
}

install_armhf() {
    [ ! -e "$folder/site/.complete" ] || return 0
    rm -rf "$folder/site"
    "$python" -m pip install --quiet --only-binary :all: --no-deps --python-version 3.11 --implementation cp \
        --platform manylinux_2_34_armv7l --target "$folder/site" tflite-runtime==2.14.0
    # typer 0.29 wants pydantic, which takes a compiler on this platform.
    "$python" -m pip install --quiet --only-binary :all: --no-deps --python-version 3.11 --implementation py \
        --platform any --target "$folder/site" --upgrade 'typer>=0.26,<0.29' rich click shellingham \
        markdown-it-py mdurl pygments annotated-doc typing-extensions
    touch "$folder/site/.complete"
}

mkdir -p "$folder"
if [ ! -e "$folder/root/.complete" ]; then
    rm -rf "$folder/root"
    # The machine's own Debian mirror, for the suite that carries the Python of Raspberry Pi OS.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
    mmdebstrap --quiet --variant=extract --architectures="$debian" --include="$packages" \
        bookworm "$folder/root" "$mirror"
    [ "$architecture" != aarch64 ] || describe_pi_5 "$folder/root"
    touch "$folder/root/.complete"
fi
"install_$architecture"
