"""The practice gateway: an SMS gateway to rehearse against, which delivers nothing and has weather.

It is a real HTTP server on loopback and needs only the standard library. People run it beside the service to
see what a bad day looks like; the tests run it as the gateway that they can script, pause and take away.
"""

from mailing_app.practice.gateway import PracticeGateway
from mailing_app.practice.inbox import Counts, Received
from mailing_app.practice.weather import BY_ENDING, KINDS, Weather, WeatherError

__all__ = ["BY_ENDING", "KINDS", "Counts", "PracticeGateway", "Received", "Weather", "WeatherError"]
