"""Reports over made-up folders: none, one article, a few thousand, and hostile ones."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.report import report
from pipelines.store import connect
from tests.report import folder
from tests.report.chromium import PROGRAM, Chromium

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def write_report(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Tables → the file of their report."""

    def write(tables: dict[str, list[dict[str, Any]]]) -> Path:
        data = tmp_path_factory.mktemp("data")
        folder.write(data, tables)
        with connect(data) as db:
            return report(db, data / "report.html")

    return write


@pytest.fixture(scope="session")
def empty(write_report: Write) -> Path:
    return write_report({})


@pytest.fixture(scope="session")
def single(write_report: Write) -> Path:
    only = folder.article(1)
    return write_report({"articles": [only], "pages": folder.pages_of([only])})


@pytest.fixture(scope="session")
def full(write_report: Write) -> Path:
    return write_report(folder.made_up(3000, days=30))


@pytest.fixture(scope="session")
def hostile(write_report: Write) -> Path:
    return write_report(folder.hostile())


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if not PROGRAM:
        pytest.skip(
            "chromium is not installed (Debian: apt-get install chromium); the HTML itself is tested all the same"
        )
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser
