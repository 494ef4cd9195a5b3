#!/usr/bin/env bash
# 32-bit Raspberry Pi OS (bookworm) to run under qemu-user: NumPy and OpenCV from Debian as on the
# board, tflite-runtime from its wheel, EdgeVision from this checkout. About two minutes and 900 MB.
# Usage: tests/emulation/setup_armhf.sh [FOLDER]   (default .cache/armhf)
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-.cache/armhf}
python=${PYTHON:-.venv/bin/python}

for tool in mmdebstrap qemu-arm-static; do
    command -v "$tool" > /dev/null || { echo "missing $tool: apt-get install mmdebstrap qemu-user-static" >&2; exit 3; }
done
mkdir -p "$folder"
if [ ! -e "$folder/root/.complete" ]; then
    rm -rf "$folder/root"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
    mmdebstrap --quiet --variant=extract --architectures=armhf \
        --include=python3,python3-numpy,python3-opencv bookworm "$folder/root" "$mirror"
    touch "$folder/root/.complete"
fi
if [ ! -e "$folder/site/.complete" ]; then
    rm -rf "$folder/site"
    "$python" -m pip install --quiet --only-binary :all: --no-deps --python-version 3.11 --implementation cp \
        --platform manylinux_2_34_armv7l --target "$folder/site" tflite-runtime==2.14.0
    # typer 0.29 wants pydantic, which takes a compiler on this platform.
    "$python" -m pip install --quiet --only-binary :all: --no-deps --python-version 3.11 --implementation py \
        --platform any --target "$folder/site" --upgrade 'typer>=0.26,<0.29' rich click shellingham \
        markdown-it-py mdurl pygments annotated-doc typing-extensions
    touch "$folder/site/.complete"
fi
