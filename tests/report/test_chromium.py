"""The report in headless Chromium: it loads nothing, runs nothing, fits, and has both themes."""

import re
from pathlib import Path

import pytest

from tests.report.chromium import Chromium

REPORTS = ("empty", "single", "full", "hostile")
BODY = "getComputedStyle(document.body)"


def _luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2.2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [390, 760, 1100])
def test_it_fits_and_asks_for_nothing(
    chromium: Chromium, name: str, width: int, request: pytest.FixtureRequest
) -> None:
    chromium.complaints.clear()
    chromium.requests.clear()
    chromium.look(width=width)
    chromium.open(request.getfixturevalue(name))
    assert chromium.ask("document.documentElement.scrollWidth") <= width
    assert chromium.requests == [request.getfixturevalue(name).as_uri()]
    assert chromium.complaints == []


def test_themes_and_paper(chromium: Chromium, full: Path) -> None:
    seen = {}
    for dark, media in ((False, ""), (True, ""), (True, "print")):
        chromium.look(dark=dark, media=media)
        chromium.open(full)
        bar = "getComputedStyle(document.querySelector('svg.wide .f-clean')).fill"
        seen[dark, media] = [chromium.ask(f"{BODY}.backgroundColor"), chromium.ask(f"{BODY}.color"), chromium.ask(bar)]
    light, night, paper = seen[False, ""], seen[True, ""], seen[True, "print"]
    assert light[0] == "rgb(255, 255, 255)"
    assert all(a != b for a, b in zip(light, night, strict=True))
    assert paper == light


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_in_both_themes(chromium: Chromium, full: Path, dark: bool) -> None:
    chromium.look(dark=dark)
    chromium.open(full)
    paper = _luminance(chromium.ask(f"{BODY}.backgroundColor"))
    for selector, least in (("body", 7.0), (".hint", 4.5), ("h3 a", 4.5), ("svg.wide text", 4.5), (".kind", 3.0)):
        mark = "fill" if "text" in selector else "color"
        ink = _luminance(chromium.ask(f"getComputedStyle(document.querySelector('{selector}')).{mark}"))
        contrast = (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05)  # WCAG 2.2, 1.4.3
        assert contrast >= least, (selector, contrast)


@pytest.mark.parametrize(("width", "kind"), [(390, "narrow"), (1100, "wide")])
def test_charts_come_in_the_size_of_the_screen(chromium: Chromium, full: Path, width: int, kind: str) -> None:
    chromium.look(width=width)
    chromium.open(full)
    shown = "[...document.querySelectorAll('svg.chart')].filter(e => e.getBoundingClientRect().width > 0)"
    assert chromium.ask(f"{shown}.every(e => e.classList.contains('{kind}'))")
    assert chromium.ask(f"{shown}.length") > 8
    # Letters keep the size of letters.
    scale = chromium.ask(f"{shown}[0].getBoundingClientRect().width / {shown}[0].viewBox.baseVal.width")
    assert 0.85 < scale < 1.3


def test_hostile_titles_do_nothing(chromium: Chromium, hostile: Path) -> None:
    chromium.complaints.clear()
    chromium.look()
    chromium.open(hostile)
    assert chromium.ask("document.title") == "copydesk report"
    assert chromium.ask("document.scripts.length + document.images.length") == 0
    assert chromium.complaints == []
    # A title that turns its own letters around must not turn its neighbours.
    assert chromium.ask("[...document.querySelectorAll('h3')].every(e => getComputedStyle(e).direction === 'ltr')")


def test_the_policy_is_in_force(chromium: Chromium, full: Path, tmp_path: Path) -> None:
    """The same page with a script slipped in: the browser refuses to run it."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        full.read_text("utf-8").replace(
            "</body>", "<script>document.title='run'</script><p style='color:red' id=p>x</p>"
        )
    )
    chromium.complaints.clear()
    chromium.open(bad)
    assert chromium.ask("document.title") == "copydesk report"
    assert chromium.ask("getComputedStyle(document.getElementById('p')).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in complaint for complaint in chromium.complaints)
