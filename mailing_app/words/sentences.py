"""What people call what the tables keep as texts, since those lists grow with the service."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

# Why a message is where it is, and what an attempt came to: texts in the tables, since their list grows with sending.
REASONS = {
    "accepted": _l("Accepted by the gateway"),
    "refused_code": _l("The gateway answered with an error code"),
    "unreadable": _l("The gateway's answer made no sense"),
    "refused": _l("The gateway refused the message"),
    "token_refused": _l("The gateway refused our token"),
    "wrong_address": _l("No gateway at this address"),
    "duplicate": _l("The gateway had this message already"),
    "throttled": _l("The gateway asked us to slow down"),
    "busy": _l("The gateway was busy"),
    "gateway_error": _l("An error inside the gateway"),
    "not_sent": _l("The gateway could not be reached"),
    "cut_off": _l("The connection broke before an answer came"),
    "internal": _l("An error on our side"),
    "not_begun": _l("The attempt was not begun"),
    "unknown": _l("Nobody read the answer"),
    "too_many_attempts": _l("Too many attempts came to nothing"),
    "mailing_ended": _l("The mailing ended first"),
    "mailing_cancelled": _l("The mailing was cancelled"),
    "mailing_deleted": _l("The mailing was deleted"),
    "client_erased": _l("The client was erased"),
    "client_opted_out": _l("The client opted out"),
}

DETAILS = {
    "token": _l("Token"),
    "name": _l("Name"),
    "role": _l("Role"),
    "language": _l("Language"),
    "timezone": _l("Time zone"),
    "scope": _l("Scope"),
    "expires_at": _l("Works until"),
    "reason": _l("Reason"),
    "messages": _l("Messages"),
    "text": _l("Text"),
    "starts_at": _l("Start"),
    "ends_at": _l("End"),
    "window_from": _l("From this hour"),
    "window_to": _l("Until this hour"),
    "filter": _l("To whom"),
    "operator_codes": _l("Operator codes"),
    "tags": _l("Tags"),
    "timezones": _l("Time zones"),
    "when_uncertain": _l("When nobody knows whether a message arrived"),
    "fields": _l("Changed"),
    "phone": _l("Phone"),
    "operator_code": _l("Operator code"),
    "tag": _l("Tag"),
    "created": lazy_pgettext("clients", "Added"),
    "updated": _l("Updated"),
    "unchanged": _l("Unchanged"),
    "rejected": _l("Rejected"),
    "failures": _l("Failed attempts before"),
    "accepted": _l("The gateway has it"),
    "never_came": _l("It never came"),
    "nothing": _l("No clear answer"),
    "only": _l("Only those"),
}

EXCLUSIONS = {
    "opted_out": _l("opted out"),
    "window_never_opens": _l("window and term do not overlap"),
    "term_is_over": _l("the end has passed"),
    "not_enough_time": _l("not enough time"),
    "more_than_a_month": _l("it would take more than a month"),
}

RATES = {
    "best_minute_of_day": _l("At %(rate)s messages a second, the best minute of the last 24 hours."),
    "best_minute_of_month": _l("At %(rate)s messages a second, the best minute of the last 30 days."),
    "limit": _l("At %(rate)s messages a second, the most that is allowed (GATEWAY_RATE)."),
}

OUTCOME_KINDS = {
    "accepted": _l("Accepted"),
    "refused": _l("Message refused"),
    "slowed": _l("Asked to slow down"),
    "failing": _l("No proper answer"),
    "barred": _l("Token, address or a fault of ours"),
}
"""The kinds of outcomes, for a legend."""

TURNS = {
    "hold": _l("Sending was put on hold."),
    "hold_lifted": _l("The hold was lifted."),
    "wait": _l("The gateway asked to be left alone."),
    "breaker_open": _l("The circuit breaker opened: the gateway was failing."),
    "breaker_half_open": _l("The circuit breaker let one message try."),
    "breaker_closed": _l("The circuit breaker closed: the gateway was well again."),
    "stopped": _l("An operator stopped all sending."),
    "went_on": _l("An operator let the sending go on."),
}

BREAKERS = {
    "closed": _l("closed: requests go through"),
    "open": _l("open: the gateway is left alone for a few seconds"),
    "half_open": _l("half open: one message tries"),
}
