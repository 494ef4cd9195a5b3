"""The report as a browser sees it."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.report.page import render

# Browsers start slowly, and .ci/setup brings this one.
pytestmark = pytest.mark.slow

Page = NDArray[Any]


@pytest.fixture(scope="session")
def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        pytest.skip("needs Chromium (apt install chromium)")
    return found


def visit(chromium: str, page: Path, *options: str) -> tuple[str, list[str]]:
    """The page's elements after loading, and what the browser's console said."""
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    words += ["--no-first-run", "--disable-background-networking", "--enable-logging=stderr"]
    reply = subprocess.run(
        [chromium, *words, f"--user-data-dir={page.parent / 'profile'}", *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=400,
        check=True,
    )
    return reply.stdout, re.findall(r"INFO:CONSOLE.*", reply.stderr)


def picture(chromium: str, page: Path, *options: str) -> Page:
    file = page.with_suffix(".png")
    visit(chromium, page, f"--screenshot={file}", "--window-size=1100,4200", *options)
    image = cv2.imread(str(file))
    assert image is not None
    return image


def test_a_browser_has_nothing_to_complain_of(
    chromium: str, runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(runs, layers=[{"name": "a", "sqnr_db": 8.5}]))
    elements, console = visit(chromium, page, "--dump-dom")
    assert console == []
    # What the browser made of it is what was written: nothing was dropped as malformed.
    assert elements.count("<svg") == 9
    assert elements.count("</figure>") == 9


def test_the_console_is_heard(chromium: str, tmp_path: Path) -> None:
    # The twin: the policy of our pages stops this request, and the console says so.
    page = tmp_path / "bad.html"
    text = render([]).replace("</body>", '<img src="http://127.0.0.1:9/x.png"></body>')
    page.write_text(text)
    _, console = visit(chromium, page, "--dump-dom")
    assert any("violates the following Content Security Policy" in line for line in console)


def test_every_plot_is_drawn_in_light_and_in_the_dark(
    chromium: str, runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(runs))
    light = picture(chromium, page)
    dark = picture(chromium, page, "--blink-settings=preferredColorScheme=0")
    assert light[2, 2].tolist() == [255, 255, 255]
    assert max(dark[2, 2]) < 40
    for image, colors in (
        (light, {"first model": "1f6fb2", "second model": "d1611a", "clock": "6b7480"}),
        (dark, {"first model": "6cb2ee", "second model": "f59a5d", "clock": "9aa4af"}),
    ):
        for what, color in colors.items():
            blue, green, red = (int(color[i : i + 2], 16) for i in (4, 2, 0))
            near = np.abs(image.astype(int) - [blue, green, red]).max(axis=2) < 6
            assert near.sum() > 100, f"no {what} in its colour {color}"


def test_it_prints(chromium: str, runs: list[dict[str, Any]], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(runs))
    visit(chromium, page, f"--print-to-pdf={tmp_path / 'report.pdf'}")
    printed = (tmp_path / "report.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 8
