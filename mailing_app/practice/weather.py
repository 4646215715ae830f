"""The kinds of weather, what each may be told, and the phones that bring their own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

KINDS = {
    "fair": "accepts every message",
    "slow": "accepts, but answers seconds later",
    "down": "503 at once",
    "hanging": "reads the request and never answers",
    "dripping": "answers one byte at a time, for ever",
    "500": "fails with 500",
    "429": "asks to slow down, with Retry-After",
    "401": "refuses the token",
    "garbage": "200 with a body that is not JSON",
    "html": "200 with a web page",
    "code": "200 with a code that is not 0",
    "reset": "cuts the connection after reading the request",
}

BY_ENDING = {
    "9001": "slow",
    "9002": "down",
    "9003": "hanging",
    "9004": "dripping",
    "9005": "garbage",
    "9006": "html",
    "9007": "code",
    "9008": "reset",
    "9401": "401",
    "9429": "429",
    "9500": "500",
}

USUAL_SECONDS = {"slow": 2.0, "hanging": 120.0, "dripping": 1.0, "429": 5.0}
DAY = 86_400


class WeatherError(ValueError):
    """A weather that cannot be; `field` names the part at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Weather:
    """One kind of weather; raises `WeatherError` for values that make no sense.

    `seconds` is the delay when slow, the pause between two bytes when dripping, the Retry-After of 429, the
    longest wait when hanging. `share` is the part of the requests that is hit, the others meet fair weather.
    After `for_seconds` it turns fair by itself.
    """

    kind: str = "fair"
    seconds: float | None = None
    share: float = 1.0
    for_seconds: float | None = None
    code: int = 7

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise WeatherError("kind", f"must be one of {', '.join(KINDS)}")
        if self.seconds is not None:
            _check_number("seconds", self.seconds, DAY)
        if self.for_seconds is not None:
            _check_number("for_seconds", self.for_seconds, DAY)
        _check_number("share", self.share, 1)
        if type(self.code) is not int or self.code == 0:
            raise WeatherError("code", "must be an integer other than 0")

    @property
    def pause(self) -> float:
        """The seconds that hold: those given, else the usual ones of the kind."""
        return USUAL_SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    @property
    def accepts(self) -> bool:
        """Whether a message met by this weather is told, sooner or later, that it was accepted."""
        return self.kind in ("fair", "slow")

    def as_json(self) -> dict[str, Any]:
        """The weather as the page and `GET /weather` show it."""
        return asdict(self) | {"seconds": self.pause}


def read_weather(values: object) -> Weather:
    """The weather that a decoded JSON value asks for; raises `WeatherError`."""
    if not isinstance(values, Mapping):
        raise WeatherError("kind", "must be given in a JSON object")
    known = {field.name for field in fields(Weather)}
    for name in values:
        if name not in known:
            raise WeatherError(name, f"is not known, only {', '.join(sorted(known))}")
    if "kind" not in values:
        raise WeatherError("kind", "is missing")
    return Weather(**values)


def _check_number(field: str, value: object, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WeatherError(field, "must be a number")
    if not 0 <= value <= most:
        raise WeatherError(field, f"must be between 0 and {most}")
