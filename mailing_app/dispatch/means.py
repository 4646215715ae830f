"""What a process sends with, as the settings have it."""

from config import Settings
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.inquire import Inquirer
from mailing_app.dispatch.judge import Codes
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.rate import Rate


def address(settings: Settings) -> Address:
    """The gateway, with the token that opens it and the time it has."""
    return Address(settings.gateway, settings.gateway_token, settings.gateway_timeout, settings.gateway_connect_timeout)


def codes(settings: Settings) -> Codes:
    """What the gateway's own codes mean."""
    return {code: Outcome(meaning) for code, meaning in settings.gateway_codes.items()}


def rate(settings: Settings) -> Rate | None:
    """The bucket that all dispatchers draw from; None without a limit."""
    return Rate(settings.gateway_rate, settings.gateway_rate_unit == "parts") if settings.gateway_rate else None


def inquirer(settings: Settings) -> Inquirer | None:
    """Who asks the gateway what became of messages; None where it cannot be asked."""
    return Inquirer(address(settings), codes(settings), rate(settings)) if settings.looks_up else None
