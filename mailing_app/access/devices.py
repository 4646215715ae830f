"""Browsers that are known under a name, since somebody signed in there (OWASP: Slow Down Online Guessing Attacks with
Device Cookies).

Their attempts are counted apart, so that strangers who guess at a name keep only strangers waiting. The mark lets
nobody in.
"""

import hmac
import re
import secrets

from mailing_app.access.secrecy import keyed

LOT = re.compile("[0-9a-f]{32}")
"""What stands before the name in what is signed: of fixed length, else `anna` would be known by a mark of `x:anna`."""


def device(name: str, mark: str = "") -> str:
    """What a browser carries from now on to be known under this name: its mark, if that is one, else a new one."""
    return mark if is_known(name, mark) else _marked(name, secrets.token_hex(16))


def is_known(name: str, mark: str) -> bool:
    """Whether we gave this mark to a browser in which somebody signed in under this name."""
    lot = mark.partition(".")[0]
    return bool(LOT.fullmatch(lot)) and hmac.compare_digest(mark.encode(), _marked(name, lot).encode())


def _marked(name: str, lot: str) -> str:
    return f"{lot}.{keyed(f'device:{lot}:{name}')}"
