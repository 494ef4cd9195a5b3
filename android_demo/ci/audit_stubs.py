"""Holds the stubs in ci/stubs to the API that was really published.

    audit_stubs.py --verify
        The stubs are those of the last audit (stubs/audit.json). Run in CI.

    audit_stubs.py --against FOLDER --classes STUB_CLASSES [--classes STUBS.jar] --source TEXT ...
        Compare with published API that was read into FOLDER, and record it. Needs `javap`.
        *.txt   API signature files in the format of androidx's api/current.txt
        *.kt    LiteRT's Kotlin sources (litert/kotlin/src/main/kotlin), which have no such file
        --source says where each came from, with its commit.

Published files are read for this and are not part of this repository.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

STUBS = Path(__file__).resolve().parent / "stubs"
RECORD = STUBS / "audit.json"
LITERT = "com.google.ai.edge.litert"

_MODIFIERS = re.compile(
    r"\b(public|protected|private|static|final|abstract|default|open|synchronized|native|suspend"
    r"|optional|transient|volatile|sealed|fun)\s+"
)
_ANNOTATION = re.compile(r"@[\w.]+(\([^()]*(\([^()]*\))?[^()]*\))?\s*")
_LANG = re.compile(r"\bjava\.lang\.(?=[A-Z])")


def digest() -> str:
    """SHA-256 over the names and contents of all stubs."""
    total = hashlib.sha256()
    for path in sorted(STUBS.rglob("*")):
        if path.suffix in {".java", ".kt"}:
            total.update(path.relative_to(STUBS).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def without_generics(text: str) -> str:
    """`text` with every <...> taken out, nested ones too."""
    while True:
        shorter = re.sub(r"<[^<>]*>", "", text)
        if shorter == text:
            return text
        text = shorter


def member(owner: str, text: str) -> str:
    """One form for a member however it was written: "Owner#name(types):type"."""
    text = _ANNOTATION.sub("", without_generics(text))
    text = re.sub(r"\s*throws .*", "", text.split(" = ")[0]).strip().rstrip(";")
    text = _LANG.sub("", _MODIFIERS.sub("", text).replace("?", "").replace("!", ""))
    text = text.replace("$", ".")
    if "(" not in text:
        kind, name = text.split()
        return f"{owner}#{name}:{kind}"
    head, _, rest = text.partition("(")
    # Parameter names come after the type, and only in files made from Kotlin.
    types = [part.split()[0] for part in rest.rpartition(")")[0].split(",") if part.strip()]
    words = head.split()
    result = words[-2] if len(words) > 1 else "new"
    name = words[-1] if len(words) > 1 else "new"
    return f"{owner}#{name}({','.join(types)}):{result}"


def published_members(text: str) -> set[str]:
    """Members of an API signature file."""
    found, package, owner = set(), "", ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("package "):
            package = line.split()[1]
        elif line.endswith("{"):
            plain = without_generics(_ANNOTATION.sub("", line))
            owner = re.search(r"\b(?:class|interface|enum)\s+([\w.]+)", plain)[1]
            found.add(f"{package}.{owner}")
        elif line.startswith(("method ", "ctor ", "field ", "enum_constant ")):
            kind, _, rest = line.partition(" ")
            if kind == "ctor":
                rest = re.sub(r"[\w.]+\(", "(", without_generics(rest), count=1)
            found.add(member(f"{package}.{owner}", rest))
    return found


def stub_members(classes: list[Path]) -> set[str]:
    """What the compiled stubs declare, LiteRT's aside."""
    names = []
    for path in classes:
        listed = (
            subprocess.run(["jar", "tf", path], capture_output=True, text=True, check=True).stdout
            if path.suffix == ".jar"
            else "\n".join(str(p.relative_to(path)) for p in path.rglob("*.class"))
        )
        names += [n.removesuffix(".class") for n in listed.split() if n.endswith(".class")]
    names = [n.replace("/", ".") for n in names if LITERT not in n.replace("/", ".")]
    where = ":".join(str(path) for path in classes)
    printed = subprocess.run(
        ["javap", "-public", "-cp", where, *names], capture_output=True, text=True, check=True
    ).stdout
    found, owner = set(), ""
    for line in printed.splitlines():
        if line.endswith("{"):
            plain = without_generics(line)
            owner = re.search(r"(?:class|interface)\s+([\w.$]+)", plain)[1].replace("$", ".")
            found.add(owner)
        elif line.startswith("  "):
            text = without_generics(line.strip()).replace("$", ".").replace(f" {owner}(", " (")
            found.add(member(owner, text))
    return {entry for entry in found if not _made_by_kotlin(entry)}


def _made_by_kotlin(entry: str) -> bool:
    # Bridges for generic overrides, and the constructor of a companion.
    is_bridge = re.search(r"parseResult\(.*\):Object|createIntent\(.*,Object\)", entry)
    return bool(is_bridge) or "DefaultConstructorMarker" in entry


def litert_declarations() -> list[tuple[str, str]]:
    """`(file, declaration)` of every function, property and enum entry of the LiteRT stubs."""
    found = []
    for path in sorted((STUBS / "kotlin" / "litert").glob("*.kt")):
        text = squeezed(path.read_text())
        found += [
            (path.name, part)
            for part in re.findall(r"(?:fun|val|var) \w+(?:\([^()]*\))?(?:: [\w<>?]+)?", text)
        ]
        found += [(path.name, part) for part in re.findall(r"\b[A-Z]\w*\(\d\)", text)]
    return found


def squeezed(text: str) -> str:
    """Kotlin without comments, `public`, line breaks and trailing commas."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text.replace("public ", ""))
    return re.sub(r"\( ", "(", re.sub(r",? \)", ")", text)).replace(": Unit", "")


def missing_in(folder: Path, classes: list[Path]) -> tuple[list[str], int]:
    """What the stubs declare and the published files do not, and how much was compared."""
    published = set()
    for path in sorted(folder.glob("*.txt")):
        published |= published_members(path.read_text())
    ours = stub_members(classes)
    kotlin = squeezed("\n".join(path.read_text() for path in sorted(folder.glob("*.kt"))))
    declared = litert_declarations()
    missing = sorted(ours - published)
    # A property with a getter may be published with its type inferred.
    missing += [
        f"{name}: {text}"
        for name, text in declared
        if text not in kotlin and text.rpartition(": ")[0] not in kotlin
    ]
    return missing, len(ours) + len(declared)


def say(line: str) -> None:
    """A line of the result."""
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """Run; 0 when the stubs hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--classes", type=Path, action="append", default=[])
    parser.add_argument("--source", action="append", default=[])
    wanted = parser.parse_args()
    if wanted.verify:
        record = json.loads(RECORD.read_text())
        if record["stubs_sha256"] != digest():
            say("the stubs changed since their audit: run audit_stubs.py --against")
            return 1
        say(f"stubs: {record['declarations']} declarations, audited {record['audited']}")
        return 0
    missing, compared = missing_in(wanted.against, wanted.classes)
    for entry in missing:
        say(f"not published: {entry}")
    if missing:
        return 1
    published = sorted(p for p in wanted.against.iterdir() if p.suffix in {".txt", ".kt"})
    newest = subprocess.run(["date", "-u", "+%F"], capture_output=True, text=True, check=True)
    record = {
        "stubs_sha256": digest(),
        "declarations": compared,
        "audited": newest.stdout.strip(),
        "sources": wanted.source,
        "files": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in published},
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    say(f"{compared} declarations are published")
    return 0


if __name__ == "__main__":
    sys.exit(main())
