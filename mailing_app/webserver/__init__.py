"""The web server of `flask serve`: waitress 3.0.2, which by itself waits for slow clients for ever."""

from functools import partial
from typing import Any

import waitress
from flask import Flask
from waitress.server import BaseWSGIServer

from mailing_app import bulkhead
from mailing_app.webserver.channel import MOST_CONNECTIONS, Channel
from mailing_app.webserver.parser import LARGEST_HEAD

THREADS = 8

AHEAD = 2**21
"""Bytes of an answer that are made ahead of its reader. What waitress keeps of them is memory, also once they are
sent: by its own 16 MiB each thread that had sent a large file kept 24 MiB.
"""


def create(app: Flask, host: str, port: int) -> Any:
    """A server that listens and answers once it is run. OSError where it cannot listen."""
    sockets: dict[int, Any] = {}
    settings = app.config["SETTINGS"]
    server = waitress.create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        max_request_header_size=LARGEST_HEAD,
        outbuf_high_watermark=AHEAD,
        connection_limit=2 * MOST_CONNECTIONS,  # never reached: the channel makes room first, waitress would go deaf
        asyncore_use_poll=True,  # select() fails beyond descriptor 1023
        # What proxies say is judged in the application; where none stands before it, it never hears of it.
        clear_untrusted_proxy_headers=not settings.trusted_proxies,
    )
    channel = partial(Channel, takes_files=_paths_of_files(app), https=settings.production)
    for listener in sockets.values():  # one for each address of the host
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = channel
    return server


def _paths_of_files(app: Flask) -> frozenset[str]:
    rules = app.url_map.iter_rules()
    return frozenset(rule.rule for rule in rules if bulkhead.is_bulky(app.view_functions[rule.endpoint], "POST"))
