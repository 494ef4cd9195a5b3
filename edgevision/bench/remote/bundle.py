"""What a board needs to measure: exactly the modules that measuring imports, and the models."""

import ast
import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import edgevision
from edgevision.bench.measure import BenchJob
from edgevision.serialization.json_text import to_json

AGENT = "edgevision.bench.remote.agent"
_DATA_FILES = ("runtime/probe.tflite",)


def pack(job: BenchJob) -> bytes:
    """A tar with the agent, the modules it needs, the models, and the job as `job.json`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in _modules():
            _add(tar, name, content)
        cases = []
        for number, case in enumerate(job.cases):
            stored = (
                f"models/{number}/{Path(str(case.model)).name}"
                if isinstance(case.model, Path)
                else f"models/{number}/model.tflite"
            )
            _add(tar, stored, case.content())
            cases.append(replace(case, model=Path(stored)))
        _add(tar, "job.json", to_json(replace(job, cases=tuple(cases))).encode())
    return buffer.getvalue()


def needed_modules() -> tuple[str, ...]:
    """Names of our modules that the agent imports, directly or not, sorted."""
    found: set[str] = set()
    waiting = [AGENT]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting.extend(_imports(_source(name)))
        parent = name.rpartition(".")[0]
        if parent:
            waiting.append(parent)
    return tuple(sorted(found))


def _modules() -> Iterator[tuple[str, bytes]]:
    for name in needed_modules():
        path = _source(name)
        yield _inside(path), path.read_bytes()
    for data in _DATA_FILES:
        yield f"edgevision/{data}", (_root() / data).read_bytes()


def _imports(source: Path) -> Iterator[str]:
    for node in _running(ast.parse(source.read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edgevision"):
            yield str(node.module)
            # `from edgevision.tflite import ops` names a module, not something in one.
            for alias in node.names:
                if _source(f"{node.module}.{alias.name}").exists():
                    yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from (
                alias.name for alias in node.names if alias.name.partition(".")[0] == "edgevision"
            )


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from _running(node)


def _source(module: str) -> Path:
    path = _root().parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _inside(path: Path) -> str:
    return path.relative_to(_root().parent).as_posix()


def _root() -> Path:
    return Path(edgevision.__file__).parent


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry: Any = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
