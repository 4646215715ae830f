"""Few bulky requests at a time, so that a page always finds a free thread (the bulkhead of M. Nygard, Release It!)."""

import threading
import weakref
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import make_response, request
from werkzeug.exceptions import TooManyRequests

from mailing_app import audit
from mailing_app.audit import Actor

AT_ONCE, BY_ONE = 4, 2
"""In this process, of the eight threads of `flask serve`; and by one operator or token."""

RETRY_AFTER = 5
"""Seconds."""

View = Callable[..., Any]

_lock = threading.RLock()  # not a plain one: an answer may be collected, and leave, while this thread holds it
_inside: Counter[Actor] = Counter()


def bulky(*methods: str) -> Callable[[View], View]:
    """A view that moves a whole file when it is asked by one of these methods: with too many inside it answers 429.

    HEAD counts as GET. Who streams is inside until the last piece was taken or the reader has vanished.
    """
    guarding = {*methods, *({"HEAD"} if "GET" in methods else ())}

    def guarded(view: View) -> View:
        @wraps(view)
        def admitted(*given: Any, **named: Any) -> Any:
            return _admitted(view, *given, **named) if request.method in guarding else view(*given, **named)

        admitted.bulky = guarding  # type: ignore[attr-defined]
        return admitted

    return guarded


def is_bulky(view: View, method: str) -> bool:
    """Whether only few requests by this method may be in the view at once."""
    return method in getattr(view, "bulky", ())


def _admitted(view: View, *given: Any, **named: Any) -> Any:
    who = audit.actor()
    _enter(who)
    try:
        response = make_response(view(*given, **named))
    except BaseException:
        _leave(who)
        raise
    # A finalizer runs once; it is there for an answer that another one took the place of, which nobody closes.
    leave = weakref.finalize(response, _leave, who)
    if response.is_streamed:
        response.call_on_close(leave)
    else:
        leave()
    return response


def _enter(who: Actor) -> None:
    with _lock:
        if _inside.total() >= AT_ONCE or _inside[who] >= BY_ONE:
            raise TooManyRequests(retry_after=RETRY_AFTER)
        _inside[who] += 1


def _leave(who: Actor) -> None:
    with _lock:
        _inside[who] -= 1
        if not _inside[who]:
            del _inside[who]
