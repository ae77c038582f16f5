"""The configuration in force."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler import config
from crawler.config import ConfigurationError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_each_value_knows_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "copydesk.toml"
    file.write_text('data = "from-file"\ncontact = "desk@example.org"\nlimit = 5\n')
    found, origin = config.load(
        {"limit": 7, "processes": None}, file=file, environ={"COPYDESK_CONTACT": "web@example.org", "OTHER": "x"}
    )
    assert (found.data, found.contact, found.limit, found.processes) == ("from-file", "web@example.org", 7, None)
    assert (origin["data"], origin["contact"], origin["limit"], origin["processes"]) == (
        str(file),
        "environment",
        "option",
        "default",
    )


def test_lists_in_the_environment_are_split_at_commas(tmp_path: Path) -> None:
    found, _ = config.load({}, file=tmp_path / "none.toml", environ={"COPYDESK_PUBLISHERS": "congluan, baomoi"})
    assert found.publishers == ("congluan", "baomoi")


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        ("contacts = 'x'", {}, "unknown key 'contacts'; did you mean 'contact'"),
        ("", {"COPYDESK_SINSE": "2d"}, "environment: unknown key 'sinse'; did you mean 'since'"),
        ("limit = 0", {}, "limit: .*greater than or equal to 1"),
        ("since = 'soon'", {}, "since: 'soon' is neither a duration"),
        ("horizon = '2026-01-01'", {}, "horizon: .* is no duration"),
        ("data = ", {}, "copydesk.toml: "),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_it(
    tmp_path: Path, text: str, environ: dict[str, str], message: str
) -> None:
    file = tmp_path / "copydesk.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        config.load({}, file=file, environ=environ)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("2d", NOW - timedelta(days=2)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T07:00+07:00", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    assert config.moment(text, NOW) == expected


def test_an_embedding_model_that_is_not_there(tmp_path: Path) -> None:
    settings, _ = config.load({"embeddings": str(tmp_path)}, file=tmp_path / "none.toml", environ={})
    with pytest.raises(ConfigurationError, match=r"embeddings: .*no model2vec"):
        config.encoder(settings)
