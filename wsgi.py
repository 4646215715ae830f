"""The WSGI application, for any server: `wsgi:app`. The `flask` command finds it here too."""

import gc

gc.disable()  # what is loaded here stays for good, and to look through it meanwhile is a seventh of a start

import config  # noqa: E402
from mailing_app.app import create_served_app  # noqa: E402

app = create_served_app(config.load())
gc.freeze()  # nor does the collector look through it later, while somebody waits for a page, nor at the end
gc.enable()
