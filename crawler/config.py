"""The configuration in force, and where each value came from: option, environment, `copydesk.toml`, default — in this order."""

import difflib
import os
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

if TYPE_CHECKING:
    from pipelines.translations import Encoder

FILE = Path("copydesk.toml")
PREFIX = "COPYDESK_"
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class ConfigurationError(ValueError):
    """A configuration that cannot be used; the message names the key, where it stands, and the nearest known one. Exit code 2."""


def duration(text: str) -> timedelta:
    """`90m`, `36h`, `2d`, `1w` → timedelta. Raises ValueError."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*([mhdw])\s*", text)
    if not match:
        raise ValueError(f"{text!r} is no duration; write 90m, 36h, 2d or 1w")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def day(text: str) -> date:
    """`2026-11-24` → date. Raises `ConfigurationError`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is no date; write 2026-11-24") from None


def moment(text: str, now: datetime) -> datetime:
    """A duration counted back from `now`, or an ISO 8601 date or time (UTC when it has no zone). Raises ValueError."""
    try:
        return now - duration(text)
    except ValueError:
        try:
            when = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ValueError(f"{text!r} is neither a duration (36h, 2d) nor a date (2026-11-24)") from None
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


class Config(BaseSettings):
    """Every option that is not particular to one call. Unknown keys are refused."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    data: str = Field("data", description="folder (or s3:// address) of the tables, the archive and the state")
    contact: str = Field(
        "", description="mail address or web page put into the user agent; required on the real network"
    )
    publishers: tuple[str, ...] = Field(("congluan", "vietnam_vn"), description="what `crawl` takes when none is named")
    since: str = Field("2d", description="how far back articles are taken: 36h, 2d, or a date")
    until: str = Field("", description="the newest date taken; empty: now")
    limit: int | None = Field(None, ge=1, description="articles per publisher and run; none: all")
    all_copies: bool = Field(False, description="take everything an aggregator lists, not only copies of known stories")
    processes: int | None = Field(None, ge=0, description="worker processes; none: one per core, 0: in this process")
    horizon: str = Field("", description="only look for copies in articles this young: 90d; empty: all history")
    embeddings: str = Field(
        "", description="folder of a model2vec or sentence-transformers model that helps to choose between translations"
    )
    allow_address: tuple[str, ...] = Field((), description="HOST:PORT or NAME=HOST:PORT that may be private; for tests")
    batch: int = Field(2000, ge=1, description="pages per commit of `ingest`")
    log: Literal["auto", "text", "json"] = Field("auto", description="auto: text on a terminal, JSON lines otherwise")
    quiet: bool = Field(False, description="say nothing but errors")

    notify_url: str = Field(
        "", description="after a crawl, POST a JSON summary there; {exit_code} in it becomes the exit code"
    )
    metrics_file: str = Field("", description="after a crawl, write Prometheus metrics there (a name in .prom)")
    health_file: str = Field("", description="after a crawl, write the summary there as JSON")

    @field_validator("notify_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("only http:// and https:// addresses can be told")
        return value

    @field_validator("metrics_file")
    @classmethod
    def _prom(cls, value: str) -> str:
        if value and not value.endswith(".prom"):
            raise ValueError(f"{value!r} must end in .prom, or node_exporter will not read it")
        return value

    @field_validator("since", "until")
    @classmethod
    def _moment(cls, value: str) -> str:
        if value:
            moment(value, datetime.now(UTC))
        return value

    @field_validator("horizon")
    @classmethod
    def _duration(cls, value: str) -> str:
        if value:
            duration(value)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load` has put the sources together already, so that each value knows where it came from."""
        return (init_settings,)


def load(
    options: dict[str, Any], *, file: Path = FILE, environ: dict[str, str] | None = None
) -> tuple[Config, dict[str, str]]:
    """The configuration and, for each key, its origin (`option`, an environment variable, the file, `default`).

    Options that are None (or empty tuples) were not given. Raises `ConfigurationError`.
    """
    values: dict[str, Any] = {}
    origin = dict.fromkeys(Config.model_fields, "default")
    for where, found in (
        (str(file), _from_file(file)),
        ("environment", _from_environment(dict(os.environ) if environ is None else environ)),
        ("option", {k: v for k, v in options.items() if v is not None and v != ()}),
    ):
        for key, value in found.items():
            if key not in Config.model_fields:
                raise ConfigurationError(f"{where}: unknown key {key!r}{nearest(key, Config.model_fields)}")
            values[key] = value
            origin[key] = where
    try:
        return Config(**values), origin
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else "?"
        message = str(first["msg"]).removeprefix("Value error, ")
        raise ConfigurationError(f"{origin.get(key, '?')}: {key}: {message}") from None


def encoder(settings: Config) -> "Encoder | None":
    """The configured embedding model, loaded. Raises `ConfigurationError`."""
    if not settings.embeddings:
        return None
    from pipelines.translations import open_encoder  # noqa: PLC0415  (heavy, and rarely wanted)

    try:
        return open_encoder(Path(settings.embeddings))
    except (ImportError, OSError, ValueError) as error:
        raise ConfigurationError(f"embeddings: {error}") from None


def nearest(word: str, known: Any) -> str:
    """`; did you mean X?` for the closest known word, or "" when none is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _from_file(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _from_environment(environ: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in environ.items():
        if name.startswith(PREFIX) and value:
            key = name.removeprefix(PREFIX).lower()
            field = Config.model_fields.get(key)
            many = field is not None and "tuple" in str(field.annotation)
            found[key] = tuple(part.strip() for part in value.split(",")) if many else value
    return found
