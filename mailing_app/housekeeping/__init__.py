"""Housekeeping: what is old takes less room. Every figure stays as it was; several processes at once do no harm."""

from mailing_app.housekeeping.archive import path_of
from mailing_app.housekeeping.rounds import Done, daily, go_round

__all__ = ["Done", "daily", "go_round", "path_of"]
