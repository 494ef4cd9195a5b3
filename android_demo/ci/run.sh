#!/usr/bin/env bash
# Everything about the Android demo that can be verified without Google's repositories:
# ktlint; core/ compiled with warnings as errors, and its tests; the mistakes those tests must
# catch; exported models run end to end on the JVM; the app compiled against android.jar and
# stubs, linked, shrunk, packed, signed; `edgevision android check` on the result.
#
#     PYTHON=.venv/bin/python android_demo/ci/run.sh [MODEL.tflite ...]
#
# Further models (with cards) are exported and run end to end as well. Exits with 77 when
# setup.sh could not reach what it needs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
demo=$(dirname "$here")
root=$(dirname "$demo")
export python=${PYTHON:-python3}
PYTHON=$python "$here/setup.sh"

cache=${EDGEVISION_ANDROID_CACHE:-$here/.cache}
export build=$here/build
export kotlin=$cache/kotlin
kotlinc=$kotlin/bin/kotlinc
stdlib=$kotlin/lib/kotlin-stdlib.jar
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
java=/usr/share/java
junit=$stdlib:$kotlin/lib/kotlin-test.jar:$kotlin/lib/kotlin-test-junit5.jar
for jar in junit-platform-{console,launcher,engine,commons,reporting} \
    junit-jupiter-{api,engine,params} opentest4j apiguardian-api picocli univocity-parsers jna; do
    junit+=:$java/$jar.jar
done
export junit

step() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }

tests() { # CLASSPATH JAR [java options]
    local classpath=$1 jar=$2
    shift 2
    java "$@" -cp "$classpath:$jar:$junit" org.junit.platform.console.ConsoleLauncher \
        --scan-classpath "$jar" --details=tree --details-theme=ascii --disable-banner \
        --disable-ansi-colors --fail-if-no-tests
}

edgevision() { "$python" -m edgevision --quiet "$@"; }

rm -rf "$build"
mkdir -p "$build"/{models,tiny,stubs,r,generated,dex}

step "ktlint"
(cd "$demo" && "$cache/ktlint" --log-level=error '**/*.kt' '**/*.kts' '!ci/build/**' '!ci/.cache/**')

step "core: compile, test"
"$kotlinc" "$demo/core/src/main/kotlin" -jvm-target 11 -no-reflect -Werror -module-name core \
    -d "$build/core.jar"
"$kotlinc" "$demo/core/src/test/kotlin" -jvm-target 11 -no-reflect -Werror -module-name core \
    -Xfriend-paths="$build/core.jar" -cp "$build/core.jar:$junit" -d "$build/core-test.jar"
tests "$build/core.jar:$demo/core/src/test/resources" "$build/core-test.jar"

step "core: mistakes that its tests must catch"
"$here/mutants.sh"

step "export: a new app, and models for the JVM"
"$python" -m tests.android.tiny_model "$build/tiny"
app=$build/app
first=1
for model in "$@" "$build"/tiny/*.tflite; do
    if ((first)); then
        edgevision android export "$model" --new-app "$app" --package com.example.structural
        first=0
    else
        edgevision android export "$model" --project "$app"
    fi
    cp -r "$app/app/src/main/assets/model" "$build/models/$(basename "$model" .tflite)"
done
edgevision android check "$app"

step "end to end on the JVM: Kotlin, LiteRT, Kotlin"
"$kotlinc" "$here/jvm" -jvm-target 11 -no-reflect -Werror -cp "$build/core.jar:$junit" \
    -d "$build/jvm.jar"
folders=$(printf '%s:' "$build"/models/*)
tests "$build/core.jar" "$build/jvm.jar" \
    "-Dedgevision.models=${folders%:}" "-Dedgevision.litert=$cache/libLiteRt.so" \
    2>"$build/litert.log" || { cat "$build/litert.log" >&2; exit 1; }

step "app: resources"
sources=$app/app/src/main
"$cache/aapt2" compile --dir "$sources/res" -o "$build/res.zip"
# Gradle puts the namespace of app/build.gradle.kts into the manifest; here it is done by hand.
sed 's/<manifest /<manifest package="com.example.structural" /' "$sources/AndroidManifest.xml" \
    >"$build/AndroidManifest.xml"
"$cache/aapt2" link -o "$build/base.apk" -I "$cache/android.jar" \
    --manifest "$build/AndroidManifest.xml" -A "$sources/assets" -0 tflite \
    --min-sdk-version 26 --target-sdk-version 37 --version-code 1 --version-name 1.0 \
    --java "$build/generated" --proguard "$build/keep.pro" "$build/res.zip"

step "app: compile against android.jar and stubs"
javac --release 8 -Xlint:-options -d "$build/r" $(find "$build/generated" -name '*.java')
(cd "$build/r" && zip -qr ../r.jar .)
find "$here/stubs/java" -name '*.java' -print0 |
    xargs -0 javac --release 8 -Xlint:-options -cp "$cache/android.jar" -d "$build/stubs"
"$kotlinc" "$here/stubs/kotlin" -no-jdk -no-reflect -jvm-target 11 \
    -cp "$cache/android.jar:$build/stubs" -d "$build/stubs.jar"
"$kotlinc" "$sources/kotlin" -no-jdk -no-reflect -jvm-target 11 -Werror \
    -cp "$cache/android.jar:$build/stubs:$build/stubs.jar:$build/r:$build/core.jar:$stdlib" \
    -d "$build/app.jar"
"$python" "$here/audit_stubs.py" --verify

step "app: shrink, pack, sign"
java -cp "$cache/r8.jar" com.android.tools.r8.R8 --release --min-api 26 \
    --lib "$cache/android.jar" --classpath "$build/stubs" --classpath "$build/stubs.jar" \
    --pg-conf "$app/app/proguard-rules.pro" --pg-conf "$build/keep.pro" \
    --output "$build/dex" "$build/app.jar" "$build/r.jar" "$build/core.jar" "$stdlib" >"$build/r8.log" 2>&1 ||
    { cat "$build/r8.log" >&2; exit 1; }
"$python" "$here/pack_apk.py" "$build/base.apk" "$build/dex" "$build/unsigned.apk"
zipalign -c -p 4 "$build/unsigned.apk"
keytool -genkeypair -keystore "$build/debug.keystore" -storepass android -keypass android \
    -alias androiddebugkey -keyalg RSA -keysize 2048 -validity 10000 \
    -dname 'CN=Android Debug,O=Android,C=US' >/dev/null 2>&1
apksigner sign --ks "$build/debug.keystore" --ks-pass pass:android --min-sdk-version 26 \
    --out "$build/structural.apk" "$build/unsigned.apk"
apksigner verify "$build/structural.apk"
dexdump -f "$build/structural.apk" | grep -c 'Class descriptor' | sed 's/$/ classes/'

step "edgevision android check: the structural APK, then broken ones"
edgevision android check "$build/structural.apk"
EDGEVISION_STRUCTURAL_APK=$build/structural.apk "$python" -m pytest -q \
    "$root/tests/android/test_check_apk.py"

step "done: $build/structural.apk"
