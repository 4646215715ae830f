"""The language of refusals: every sentence an operator or a client may read when something cannot be done."""


def N_(message: str) -> str:  # noqa: N802 - the name gettext knows
    """marks a sentence for translation"""
    return message
