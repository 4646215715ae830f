"""The figures, and the one way to move them: in the transaction that moves the messages, so that nobody ever counts."""

from mailing_app.figures.erasure import untag
from mailing_app.figures.moves import COUNTED, MISSED, OF_CLIENTS, OPEN, PLACES, Moves, clear

__all__ = ["COUNTED", "MISSED", "OF_CLIENTS", "OPEN", "PLACES", "Moves", "clear", "untag"]
