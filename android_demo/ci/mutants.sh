#!/usr/bin/env bash
# Shows that the tests of core/ can fail: puts each mistake of mutants.txt into a copy of the
# sources and asks that the test named there turns red. Called by run.sh, which has set up
# $python, $kotlin (the compiler's folder), $build, $junit and the compiled tests.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
core=$here/../core/src/main/kotlin
resources=$here/../core/src/test/resources
folder=$build/mutants
rm -rf "$folder"
mkdir -p "$folder"

# Each mistake in a folder of its own, with the test that must catch it in a file beside.
"$python" - "$here/mutants.txt" "$core" "$folder" <<'PYTHON'
import pathlib, shutil, sys
listed, core, folder = map(pathlib.Path, sys.argv[1:])
lines = [line for line in listed.read_text().splitlines() if line and not line.startswith("#")]
for number, line in enumerate(lines):
    name, file, old, new, test = (part.strip() for part in line.split(" | "))
    target = folder / f"{number:02}"
    shutil.copytree(core, target / "src")
    path = target / "src" / "edgevision" / "core" / file
    text = path.read_text()
    if text.count(old) != 1:
        sys.exit(f"{file} holds {text.count(old)} times: {old}")
    path.write_text(text.replace(old, new))
    (target / "name").write_text(name)
    (target / "test").write_text(test)
PYTHON

for mutant in "$folder"/[0-9][0-9]; do
    # Unused parameters are what a mistake looks like; here they do not matter.
    echo "$mutant/src -no-stdlib -no-reflect -cp $kotlin/lib/kotlin-stdlib.jar -jvm-target 11" \
        "-nowarn -module-name core -d $mutant/core.jar"
done >"$folder/arguments"
java -cp "$kotlin/lib/*" "$here/CompileAll.java" "$folder/arguments"

survived=0
for mutant in "$folder"/[0-9][0-9]; do
    name=$(cat "$mutant/name") test=$(cat "$mutant/test")
    if java -cp "$mutant/core.jar:$build/core-test.jar:$resources:$junit" \
        org.junit.platform.console.ConsoleLauncher --select-class "edgevision.core.$test" \
        --details=none --disable-banner >"$mutant/log" 2>&1; then
        echo "mutant survived: $name, $test stays green" >&2
        survived=1
    elif grep -q 'tests failed' "$mutant/log"; then
        echo "caught: $name, by $test"
    else
        cat "$mutant/log" >&2
        exit 1
    fi
done
exit "$survived"
