"""`flask …` with a web server of little patience and room: `python -m tests.processes.hurried serve`."""

import os
import socket

from flask.cli import main
from waitress.adjustments import Adjustments

from mailing_app import webserver
from mailing_app.webserver import channel

PATIENCE = 2.0
"""Seconds, unless the environment names others as `PATIENCE`."""

ROOM_FOR_BODIES = 8 * 2**20
BUFFER = 2**14

if __name__ == "__main__":
    channel.PATIENCE.update(dict.fromkeys(channel.PATIENCE, float(os.environ.get("PATIENCE", PATIENCE))))
    channel.ROOM_FOR_BODIES = ROOM_FOR_BODIES
    webserver.AHEAD = BUFFER
    Adjustments.socket_options = [*Adjustments.socket_options, (socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)]
    main()
