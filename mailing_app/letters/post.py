"""The conversation with a mail server (RFC 5321), step by step: the caller is asked before the letter itself leaves."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

PATIENCE = 10
"""Seconds for each step. The letter itself is a few kilobytes."""

PORTS = {"smtps": 465, "smtp": 25}
SUBMISSION = 587
"""Where one signs in (RFC 6409)."""

QUEUED_WITHIN = 25
"""Seconds for each of the two answers to DATA: a server may look a letter over before it takes it. RFC 5321, 4.5.3.2,
would have minutes; the lease of a letter is one."""


class Server(NamedTuple):
    """SMTP_URL in its parts."""

    host: str
    port: int
    encrypted: bool
    user: str
    password: str
    sender: str


class Rejected(Exception):
    """The server, or the way to it, did not take the letter, for certain."""

    def __init__(self, said: str, for_good: bool = False):
        super().__init__(said)
        self.for_good = for_good


class Unanswered(Exception):
    """The letter was handed over, and no answer came."""


class Taken(Exception):
    """Somebody else has taken the letter up meanwhile."""


def server_of(url: str, first_recipient: str) -> Server:
    """The server of an SMTP_URL that the settings have judged."""
    parts = urlsplit(url)
    port = parts.port or (SUBMISSION if parts.username and parts.scheme == "smtp" else PORTS[parts.scheme])
    sender = parse_qs(parts.query).get("from", [first_recipient])[0]
    secret = (unquote(parts.username or ""), unquote(parts.password or ""))
    return Server(parts.hostname or "", port, parts.scheme == "smtps", *secret, sender)


def send(server: Server, letter: EmailMessage, recipients: tuple[str, ...], may_go: Callable[[], bool]) -> str:
    """Send a letter; those of several recipients whom the server refused, with its words.

    `may_go` is asked right before the letter is handed over. Rejected, Unanswered or Taken where it was not sent.
    """
    try:
        line = _connected(server)
        try:
            refused = _addressed(line, server, recipients)
            if not may_go():
                raise Taken
            _hand_over(line, letter.as_bytes())
            with suppress(OSError):  # it has the letter, whatever it says now
                line.quit()
        finally:
            line.close()
    except smtplib.SMTPAuthenticationError as error:
        # Its own words may be an echo of what it was told.
        raise _rejected(error.smtp_code, "the mail server refuses user and password") from None
    except smtplib.SMTPResponseException as error:
        raise _rejected(error.smtp_code, error.smtp_error) from error
    except OSError as error:  # as every fault of smtplib is
        raise Rejected(_words(error)) from error
    return refused


def _connected(server: Server) -> smtplib.SMTP:
    """A line to the server, encrypted and signed in as far as that is wanted."""
    if server.encrypted:
        line: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=PATIENCE, context=ssl.create_default_context()
        )
    else:
        line = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
    try:
        line.ehlo_or_helo_if_needed()
        if not server.encrypted and (server.user or line.has_extn("starttls")):
            line.starttls(context=_context(server))
            line.ehlo_or_helo_if_needed()
        if server.user:
            line.login(server.user, server.password)
    except BaseException:
        line.close()
        raise
    return line


def _context(server: Server) -> ssl.SSLContext:
    """Without a password to guard, encryption is a matter of luck: whoever could forge a certificate could as well hide
    that the server offers any (RFC 7435)."""
    context = ssl.create_default_context()
    if not server.user:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _addressed(line: smtplib.SMTP, server: Server, recipients: tuple[str, ...]) -> str:
    """Name sender and recipients; whom of them the server refused. Rejected when it refused all."""
    code, said = line.mail(server.sender)
    if code != 250:
        raise _rejected(code, said)
    answers = {recipient: line.rcpt(recipient) for recipient in recipients}
    refused = {name: answer for name, answer in answers.items() if answer[0] not in (250, 251)}
    if len(refused) == len(answers):
        mildest = min(refused.values())  # one that may be taken later is worth another try
        raise _rejected(*mildest)
    return "; ".join(f"{name}: {code} {_text(said)}" for name, (code, said) in refused.items())


def _hand_over(line: smtplib.SMTP, content: bytes) -> None:
    if line.sock:
        line.sock.settimeout(QUEUED_WITHIN)
    try:
        code, said = line.data(content)
    except smtplib.SMTPDataError:
        raise
    except OSError as error:
        raise Unanswered(_words(error)) from error
    if code != 250:
        raise _rejected(code, said)


def _rejected(code: int, said: bytes | str) -> Rejected:
    return Rejected(f"{code} {_text(said)}", for_good=500 <= code < 600)


def _text(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
