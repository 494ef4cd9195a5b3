"""The checks of a budget as a JUnit file, which every CI shows."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from edgevision.bench.results.budget import Check


def to_junit(checks: Sequence[Check]) -> str:
    """An XML document with one test case a check."""
    missed = sum(not check.is_kept for check in checks)
    suite = ET.Element(
        "testsuite", name="edgevision budget", tests=str(len(checks)), failures=str(missed)
    )
    for check in checks:
        case = ET.SubElement(
            suite, "testcase", classname=f"{check.model} on {check.machine}", name=check.what
        )
        if not check.is_kept:
            ET.SubElement(case, "failure", message=str(check))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
