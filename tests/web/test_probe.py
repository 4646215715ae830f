"""A question that is answered in time."""

import threading
import time

from flask import Flask

from mailing_app.web.probe import Probe


def test_who_asks_waits_no_longer_than_he_wants_and_no_second_question_goes_out(app: Flask) -> None:
    asked, back = [], threading.Event()

    def question() -> list[str]:
        asked.append(1)
        back.wait()
        return ["well"]

    probe = Probe(question, "away")
    began = time.monotonic()
    assert [probe.ask(app, 0.1) for _ in range(3)] == [["away"]] * 3
    assert time.monotonic() - began < 2
    assert len(asked) == 1
    back.set()
    assert probe.ask(app, 10) == ["well"]
    assert probe.ask(app, 10) == ["well"]
