"""Phones as people type and paste them: parts of one to search for, many at once."""

from collections.abc import Sequence

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import widgets

from mailing_app import phones
from mailing_app.forms.fields import Input, PhoneInput


class PhonePartInput(PhoneInput):
    """A phone in any usual spelling, or its last digits; gives `7XXXXXXXXXX`, or those digits."""

    def parse(self, typed: str) -> str:
        try:
            return super().parse(typed)
        except ValueError as fault:
            try:
                return phones.ending(typed)
            except phones.BadPhone:
                raise fault from None


class PhonesInput(Input):
    """Many phones in any usual spelling, one a line or with commas between them; each fault is named by its line."""

    widget = widgets.TextArea()
    most = 5_000
    most_faults = 20

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        typed = [
            (line, word.strip())
            for line, text in enumerate((valuelist[0] if valuelist else "").splitlines(), start=1)
            for word in text.replace(";", ",").split(",")
            if word.strip()
        ]
        if len(typed) > self.most:
            raise ValueError(_l("Must be at most %(most)s values.", most=self.most))
        self.data, faults = self._judged(typed)
        self.process_errors.extend(faults[: self.most_faults])
        if len(faults) > self.most_faults:
            self.process_errors.append(gettext("And more: %(number)s.", number=len(faults) - self.most_faults))

    def _judged(self, typed: Sequence[tuple[int, str]]) -> tuple[list[str], list[str]]:
        region, good, faults = current_app.config["SETTINGS"].phone_region, list[str](), list[str]()
        for line, word in typed:
            try:
                good.append(phones.normalise(word, region))
            except phones.BadPhone as fault:
                told = {"line": line, "text": word[: phones.LONGEST_SPELLING], "fault": gettext(fault.message)}
                faults.append(gettext("Line %(line)s, “%(text)s”: %(fault)s", **told))
        return good, faults

    def shown(self, value: Sequence[str]) -> str:
        return "\n".join(value)
