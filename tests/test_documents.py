"""What the documents name is there: decisions by number, modules and scripts by path, links."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / room / "README.md" for room in ("calibration", "benchmarks", "android_demo")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
WRITTEN = [
    *DOCUMENTS,
    *(
        path
        for room in ("edgevision", "benchmarks", "tests", "android_demo")
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".kt", ".kts"} and path != Path(__file__)
    ),
]
"""Where decisions are cited."""
HOMES = (ROOT, ROOT / "edgevision", ROOT / "android_demo")
"""What the paths in documents begin at."""

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
NUMBERS = Counter(int(path.name[:4]) for path in DECISIONS)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def cited_decisions(text: str) -> set[int]:
    """Numbers after the word, over a line's end too, and at the beginning of a file's name."""
    spelled = re.findall(r"\bdecision\s+(?:# |\* )?(\d+)\b", text)
    return {int(number) for number in spelled + re.findall(r"decisions/(\d{4})", text)}


def missing_paths(text: str) -> list[str]:
    """Paths of Python files in backticks that lead nowhere."""
    paths = re.findall(r"`([\w./-]+/[\w.-]+\.py)\b", text)
    return [path for path in paths if not any((home / path).exists() for home in HOMES)]


def test_no_two_decisions_have_one_number() -> None:
    assert [number for number, count in NUMBERS.items() if count > 1] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=named)
def test_a_decision_is_headed_by_the_number_of_its_file(decision: Path) -> None:
    assert decision.read_text().startswith(f"# {int(decision.name[:4])}. ")


def test_every_decision_that_is_cited_exists() -> None:
    for path in WRITTEN:
        assert cited_decisions(path.read_text()) <= set(NUMBERS), named(path)


@pytest.mark.parametrize(
    "document",
    # Those name files that their reader adds.
    [path for path in DOCUMENTS if not path.name.startswith("adding-")],
    ids=named,
)
def test_modules_and_scripts_in_a_document_exist(document: Path) -> None:
    assert missing_paths(document.read_text()) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_these_checks_can_fail() -> None:
    assert cited_decisions("as decision\n20 says, and decisions/0084-x.md") == {20, 84}
    assert missing_paths("`artifact/schema.py` and `tflite/schema.py`") == ["artifact/schema.py"]
