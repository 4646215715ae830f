"""The settings of the service: every name, its default, and what a value must look like.

They come from the environment or from `.env` beside this file; docs/contract.md section 2 is their
manual. `load()` is the door: it returns `Settings` or ends the start with one line that names the
setting at fault.
"""

import ipaddress
import os
import re
import secrets
import sys
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import parse_qs, urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from mailing_app.local_time import is_zone

ROOT = Path(__file__).parent
INSTANCE = ROOT / "instance"

_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)
_NUMBERS = re.compile(r"[0-9.]+")
"""What looks like an IP address: a host's name is never all figures."""

_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
"""As HTML describes the valid e-mail address, roughly: what RFC 5321 lets stand without quotes, in ASCII."""

Meaning = Literal["refused", "busy", "throttled", "token_refused", "duplicate"]
"""What a `code` of the gateway's own may mean: outcomes of the judge's table, by their names."""

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=600)]


class Settings(BaseSettings):
    """All settings, checked. Tests build one by naming what differs from the defaults."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: str = "sqlite:///instance/mailing.db"
    secret_key: str = ""
    host: str = "127.0.0.1"
    port: Port = 8000
    mode: Literal["", "development", "production"] = ""
    trusted_proxies: Annotated[int, Field(ge=0, le=9)] = 0

    gateway_url: str = ""
    gateway_token: str = ""
    gateway_timeout: Seconds = 10
    gateway_connect_timeout: Seconds = 3
    gateway_concurrency: Annotated[int, Field(ge=1, le=2048)] = 64
    gateway_rate: Annotated[float, Field(gt=0, le=100_000)] | None = None
    gateway_rate_unit: Literal["messages", "parts"] = "messages"
    gateway_deduplicates: bool = True
    gateway_lookup: bool = False
    gateway_codes: Annotated[dict[int, Meaning], NoDecode] = {}
    practice_port: Port = 8090

    dispatcher: Literal["embedded", "off", "fleet"] = "embedded"
    default_timezone: str = "Europe/Moscow"
    default_language: Literal["en", "ru"] = "en"
    report_email_to: Annotated[tuple[str, ...], NoDecode] = ()
    smtp_url: str = ""
    report_email_at: time | None = None
    phone_region: str = "RU"
    retention_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    attempts_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    archive_days: Annotated[int, Field(ge=30, le=36500)] | None = None
    archive_folder: str = "instance/archive"
    log_format: Literal["", "text", "json"] = ""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return str(_database(value).render_as_string(hide_password=False))

    @field_validator("host")
    @classmethod
    def _bindable(cls, value: str) -> str:
        try:
            ipaddress.ip_address(value)
        except ValueError as error:
            if not _HOST_NAME.fullmatch(value) or _NUMBERS.fullmatch(value):
                raise ValueError("is neither an IP address nor the name of a host") from error
        return value

    @field_validator("default_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if not is_zone(value):
            raise ValueError("is not the IANA name of a time zone")
        return value

    @field_validator("report_email_to", mode="before")
    @classmethod
    def _mailboxes(cls, value: Any) -> Any:
        return tuple(_mailbox(each.strip()) for each in value.split(",")) if isinstance(value, str) else value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        return _smtp(value) if value else value

    @field_validator("report_email_at", mode="before")
    @classmethod
    def _minute_of_the_day(cls, value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            raise ValueError("must be a time of day like 18:00")
        return value

    @field_validator("archive_folder")
    @classmethod
    def _anchored(cls, value: str) -> str:
        """A relative folder starts at the project's root, as files of SQLite do."""
        folder = ROOT / value
        if folder.exists() and not folder.is_dir():
            raise ValueError("names a file, not a folder")
        return str(folder)

    @field_validator("phone_region")
    @classmethod
    def _known_region(cls, value: str) -> str:
        if value not in SUPPORTED_REGIONS:
            raise ValueError("is not the ISO 3166 code of a region with telephones, like RU")
        return value

    @field_validator("gateway_codes", mode="before")
    @classmethod
    def _table_of_codes(cls, value: Any) -> Any:
        return _codes(value) if isinstance(value, str) else value

    @field_validator("gateway_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        return _address(value) if value else value

    @field_validator("gateway_token")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not (value.isascii() and (value.isprintable())):
            raise ValueError("may hold printable ASCII characters only, since it travels in a header")
        return value

    @model_validator(mode="after")
    def _secret_in_production(self) -> "Settings":
        if self.production and len(self.secret_key) < 16:
            raise ValueError("SECRET_KEY: production needs one of at least 16 characters")
        return self

    @model_validator(mode="after")
    def _two_ports(self) -> "Settings":
        if self.practising and self.practice_port == self.port:
            raise ValueError("PRACTICE_PORT: must differ from PORT, since both are served at once")
        return self

    @model_validator(mode="after")
    def _fleet_with_a_server(self) -> "Settings":
        if self.dispatcher == "fleet" and not self.has_server:
            raise ValueError("DISPATCHER: a fleet needs PostgreSQL, and DATABASE_URL names another database")
        return self

    @model_validator(mode="after")
    def _whole_letter(self) -> "Settings":
        """Who writes daily needs to know to whom, by whom and when."""
        needed = ("report_email_to", "smtp_url", "report_email_at")
        missing = [name.upper() for name in needed if getattr(self, name) in ("", (), None)]
        if 0 < len(missing) < len(needed):
            raise ValueError(f"{missing[0]}: must be set too for a daily report by e-mail, or none of the three")
        return self

    @property
    def production(self) -> bool:
        """Whether strangers may reach the service: no internals in answers, cookies over https only."""
        return (self.mode or ("development" if _loopback(self.host) else "production")) == "production"

    def exposed_at(self, host: str) -> bool:
        """Whether strangers would reach this host while nobody said that the mode of development is meant."""
        return not (_loopback(host) or self.production or self.mode)

    @property
    def has_server(self) -> bool:
        """Whether the database is a server that many machines may share, PostgreSQL, and not a file on this one."""
        return self.database_url.startswith("postgresql")

    @property
    def practising(self) -> bool:
        """Whether messages go to the bundled practice gateway, since no real one is named."""
        return not self.gateway_url

    @property
    def looks_up(self) -> bool:
        """Whether the gateway in use can be asked what became of a message; the practice gateway can."""
        return self.gateway_lookup or self.practising

    @property
    def gateway(self) -> str:
        """The base address of the gateway in use, without a slash at its end."""
        return self.gateway_url or f"http://127.0.0.1:{self.practice_port}"

    @property
    def log_json(self) -> bool:
        """Whether a log line is JSON: unless told otherwise, when nobody watches on a terminal."""
        return (self.log_format or ("text" if sys.stderr.isatty() else "json")) == "json"

    @cached_property
    def signing_key(self) -> str:
        """The key that signs sessions: `SECRET_KEY`, else one made once and kept in `instance/`."""
        return self.secret_key or _kept_key()


def load() -> Settings:
    """Read the settings, or end the process with one line that names the first that makes no sense."""
    try:
        return Settings()
    except ValidationError as error:
        sys.exit(_line(error.errors()[0]))
    except UnicodeDecodeError:
        sys.exit(f"{ROOT / '.env'}: must be UTF-8 text")


def _line(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"]).upper()
    sentence = error["msg"].removeprefix("Value error, ")
    return f"{name}: {sentence}" if name else sentence


def _database(value: str) -> Any:
    """Relative SQLite paths start at the project's root, whatever folder the command was typed in."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise ValueError("is not the address of a database") from error
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername != "sqlite" or not url.database or url.database == ":memory:":
        raise ValueError("must be sqlite:///FILE or postgresql://…")
    return url.set(database=str(_file(ROOT / url.database)))


def _file(path: Path) -> Path:
    """SQLite makes the file but not its folder; ours is made here, anybody else's is taken for a slip."""
    if path.parent == INSTANCE:
        INSTANCE.mkdir(exist_ok=True)
    if not path.parent.is_dir():
        raise ValueError("names a file in a folder that does not exist")
    if path.is_dir():
        raise ValueError("names a folder, not a file")
    return path


def _codes(value: str) -> dict[int, str]:
    """`7=throttled, 12=refused` as a table."""
    table: dict[int, str] = {}
    for entry in filter(None, (part.strip() for part in value.split(","))):
        code, _, meaning = (part.strip() for part in entry.partition("="))
        if not re.fullmatch(r"-?[0-9]{1,18}", code) or int(code) == 0 or int(code) in table:
            raise ValueError("must be like 7=throttled,12=refused, each code a whole number other than 0, named once")
        if meaning not in get_args(Meaning):
            raise ValueError(f"each code must mean one of {', '.join(get_args(Meaning))}")
        table[int(code)] = meaning
    return table


def _address(value: str) -> str:
    if not value.isascii() or any(character.isspace() for character in value):
        raise ValueError("must be written in ASCII without spaces, since it goes over the wire as it stands")
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or url.username:
        raise ValueError("must be an http:// or https:// address without user, query or fragment")
    try:
        url.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ValueError("has an impossible port") from error
    return value.rstrip("/")


def _mailbox(value: str) -> str:
    if not _MAILBOX.fullmatch(value):
        raise ValueError("must be addresses like a@example.org, divided by commas")
    return value


def _smtp(value: str) -> str:
    url = urlsplit(value)
    if not value.isascii() or any(character.isspace() for character in value):
        raise ValueError("must be written in ASCII without spaces; what is special in a password as %XX")
    if url.scheme not in ("smtp", "smtps") or not url.hostname or url.path not in ("", "/") or url.fragment:
        raise ValueError("must be like smtp://user:password@host:587?from=sender@example.org, or smtps://…")
    if bool(url.username) != bool(url.password):
        raise ValueError("needs a password with a user, and a user with a password")
    named = parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    if named.keys() - {"from"} or len(named.get("from", [])) > 1:
        raise ValueError("takes ?from=ADDRESS and nothing else")
    for sender in named.get("from", []):
        if not _MAILBOX.fullmatch(sender):
            raise ValueError("must name a sender like sender@example.org after ?from=")
    try:
        url.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ValueError("has an impossible port") from error
    return value


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _kept_key() -> str:
    INSTANCE.mkdir(exist_ok=True)
    kept = INSTANCE / "secret_key"
    try:
        # O_EXCL: of two processes that start at once, one makes the key and the other reads it.
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return kept.read_text()
