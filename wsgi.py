"""The WSGI application, for any server: `wsgi:app`. The `flask` command finds it here too."""

import config
from mailing_app.app import create_app

app = create_app(config.load())
