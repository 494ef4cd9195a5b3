#!/usr/bin/env bash
# Shows that the tests of core/ can fail: puts each mistake of mutants.txt into a copy of the
# sources and asks that the test named there turns red. Called by run.sh, which has set up
# $kotlinc, $build, $junit and the compiled tests.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
core=$here/../core/src/main/kotlin

one() { # LINE NUMBER
    local name file old new test folder
    IFS='|' read -r name file old new test < <(sed 's/ *| */|/g' <<<"$1")
    folder=$build/mutants/$2
    mkdir -p "$folder"
    cp -r "$core" "$folder/src"
    "$python" - "$folder/src/edgevision/core/$file" "$old" "$new" <<'PYTHON'
import pathlib, sys
path, old, new = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
text = path.read_text()
if text.count(old) != 1:
    sys.exit(f"{path.name} holds {text.count(old)} times: {old}")
path.write_text(text.replace(old, new))
PYTHON
    # Unused parameters are what a mistake looks like; here they only warn.
    "$kotlinc" "$folder/src" -jvm-target 11 -no-reflect -nowarn -module-name core -d "$folder/core.jar"
    if java -cp "$folder/core.jar:$build/core-test.jar:$here/../core/src/test/resources:$junit" \
        org.junit.platform.console.ConsoleLauncher --select-class "edgevision.core.$test" \
        --details=none --disable-banner >"$folder/log" 2>&1; then
        echo "mutant survived: $name ($file), $test stays green" >&2
        return 1
    fi
    grep -q 'tests failed' "$folder/log" || { cat "$folder/log" >&2; return 1; }
    echo "caught: $name, by $test"
}

rm -rf "$build/mutants"
number=0
running=()
status=0
while IFS= read -r line; do
    [[ -z $line || $line == \#* ]] && continue
    number=$((number + 1))
    one "$line" "$number" &
    running+=($!)
    # Two at a time: a compiler fills a core.
    if ((${#running[@]} == 2)); then
        for id in "${running[@]}"; do wait "$id" || status=1; done
        running=()
    fi
done <"$here/mutants.txt"
for id in "${running[@]}"; do wait "$id" || status=1; done
exit "$status"
