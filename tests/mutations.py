"""Whether the suite misses the guards of sending: each is taken away once, and the tests named must fail.

`make mutations`. Not a test of pytest's own: it breaks a copy of the tree, one guard at a time.
"""

import contextlib
import multiprocessing
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDED = ("config.py", "pyproject.toml", "mailing_app", "migrations", "static", "templates", "tests", "wsgi.py")
A_RUN = 1_800
"""Seconds after which a run counts as failed: without a guard against hanging, tests hang, each for the suite's limit.

Generous, both: beside the suite the mutants run in what it leaves, and there a test takes ten times as long as alone.
"""

AT_ONCE = 2

FORKS = multiprocessing.get_context("forkserver")
"""Makes each run by forking a process that has what all of them load, and nothing that mutates."""

LOADED = ("pytest", "flask_apscheduler", "flask_babel", "flask_bootstrap", "flask_migrate", "flask_sqlalchemy",
          "flask_wtf", "phonenumbers", "prometheus_client", "pydantic_settings", "requests", "waitress")  # fmt: skip

CAUGHT, HUNG, ALIVE = "caught", "hung", "alive"

MACHINE = "test_machine.py"

SAID = "said"
"""The file in a tree to which its tests write."""


@dataclass(frozen=True)
class Mutant:
    """A guard, where it stands, what stands there instead, and the tests that should miss it."""

    guard: str
    file: str
    before: str
    after: str
    tests: str


MUTANTS = (
    Mutant(
        "the epoch in the fence",
        "record.py",
        "Message.epoch == new.c.epoch, ",
        "",
        "test_storage.py::test_a_late_outcome_changes_nothing",
    ),
    Mutant(
        "an outcome moves only what is on the wire",
        "record.py",
        ", Message.is_in(Status.SENDING))\n    return (",
        ")\n    return (",
        "test_storage.py::test_a_late_acceptance_is_a_fact",
    ),
    Mutant(
        "a late acceptance is a fact",
        "record.py",
        "return result.step.status is Status.SENT and",
        "return False and",
        "test_storage.py::test_a_late_acceptance_is_a_fact",
    ),
    Mutant(
        "a late acceptance is a fact beside a newer outcome",
        "record.py",
        "settled.get(result.delivery.envelope.message_id) is not Status.SENT",
        "result.delivery.envelope.message_id not in settled",
        "test_storage.py::test_an_acceptance_is_a_fact_beside_a_newer_outcome_of_the_same_message",
    ),
    Mutant(
        "the payload is frozen",
        "record.py",
        "frozen = envelope.frozen or answer.reached is not Reached.NOTHING_LEFT",
        "frozen = False",
        "test_storage.py::test_the_payload_is_frozen_once_a_byte_may_have_left",
    ),
    Mutant(
        "the end, before the first byte",
        "gateway.py",
        "if now >= envelope.closes_at - MARGIN:",
        "if False:",
        "test_gateway.py::test_too_late_for_the_first_byte",
    ),
    Mutant(
        "the end, at the claim",
        "../mailings/planning.py",
        "under_way = and_(live, Mailing.ends_at > now, ",
        "under_way = and_(live, ",
        "test_storage.py::test_nothing_is_claimed_at_or_after_the_end",
    ),
    Mutant(
        "the start, before the first byte",
        "gateway.py",
        "if now < envelope.opens_at or not _in_window(envelope, now):",
        "if not _in_window(envelope, now):",
        "test_gateway.py::test_too_early_after_the_clock_was_set_back",
    ),
    Mutant(
        "the window, before the first byte",
        "gateway.py",
        "if now < envelope.opens_at or not _in_window(envelope, now):",
        "if now < envelope.opens_at:",
        "test_gateway.py::test_too_early_after_the_clock_was_set_back",
    ),
    Mutant(
        "a claim grows stale",
        "gateway.py",
        "if monotonic >= envelope.stale_at:",
        "if False:",
        "test_gateway.py::test_too_late_for_the_first_byte",
    ),
    Mutant(
        "the recall",
        "gateway.py",
        '"it was called back" if envelope in recall else ""',
        '""',
        "test_recall.py::test_what_was_called_back_does_not_leave",
    ),
    Mutant(
        "the recall of another's claim",
        "recall.py",
        " or row.epoch != envelope.epoch",
        "",
        "test_recall.py::test_what_another_dispatcher_claimed_since_stays",
    ),
    Mutant(
        "the recall of what is not on the wire any more",
        "recall.py",
        "row.status is not Status.SENDING or ",
        "",
        "test_recall.py::test_what_is_not_on_the_wire_in_this_claims_name_any_more_stays",
    ),
    Mutant(
        "what came back is heeded before a claim",
        "pump.py",
        "            self._heed_all()\n            claimed",
        "            claimed",
        "test_pump.py::test_what_comes_back_while_the_pump_records_is_heeded_before_it_claims",
    ),
    Mutant(
        "the bytes of an answer are counted",
        "line.py",
        "if read > (MOST_FOR_A_BODY * longest if reply else LONGEST_HEAD):",
        "if False:",
        "test_gateway.py::test_raw_answers",
    ),
    Mutant(
        "the deadline of the whole exchange",
        "line.py",
        "seconds = self.deadline - clock.monotonic()",
        "seconds = 1.0",
        "test_gateway.py::test_weather_without_end",
    ),
    Mutant(
        "the longest answer that is read",
        "line.py",
        "if reply and len(reply.body) > longest:",
        "if False:",
        "test_gateway.py::test_no_more_of_an_answer_is_kept_than_any_has_reason_to_be",
    ),
    Mutant(
        "the longest answer that is believed",
        "judge.py",
        "if len(body) > LONGEST_BODY:",
        "if False:",
        "test_gateway.py::test_raw_answers test_judge.py",
    ),
    Mutant(
        "a connection out of step is closed",
        "line.py",
        "self._reply, self.may_go_on = Reply(), False",
        "self._reply = Reply()",
        "test_gateway.py::test_what_came_along_with_an_answer_is_never_the_answer_to_the_next_request",
    ),
    Mutant(
        "a line whose answer was not read to the end is closed",
        "line.py",
        "if not self._answers.may_go_on:",
        "if False:",
        "test_gateway.py::test_what_came_along_with_an_answer_is_never_the_answer_to_the_next_request",
    ),
    Mutant(
        "an answer that ends too early is none",
        "line.py",
        'if not reply or {"content-length", "transfer-encoding"} & reply.headers.keys():',
        "if not reply:",
        "test_gateway.py::test_raw_answers",
    ),
    Mutant(
        "only an integer 0 is an acceptance",
        "judge.py",
        "isinstance(code, int) and not isinstance(code, bool) and",
        "isinstance(code, int) and",
        "test_judge.py",
    ),
    Mutant(
        "the wait after an uncertain attempt",
        "retry.py",
        "return AFTER_UNCERTAIN",
        "return SHORTEST",
        "test_retry.py::test_due",
    ),
    Mutant(
        "what is uncertain is not repeated where it would arrive twice",
        "retry.py",
        "if rule.unknown and not envelope.repeats:",
        "if False:",
        "test_retry.py::test_fate",
    ),
    Mutant(
        "what is in flight takes its seats",
        "watch.py",
        "max(seats - in_flight, 0)",
        "seats",
        "test_watch.py test_pump.py::test_never_more_in_flight_than_seats",
    ),
    Mutant(
        "what lies ready does not leave once answers go wrong",
        "recall.py",
        "self._faults >= DOUBTS_AFTER or ",
        "",
        "test_pump.py::test_what_lies_ready_does_not_leave_once_answers_go_wrong",
    ),
    Mutant(
        "no more is claimed than there are seats",
        "claim.py",
        'bindparam("most", type_=Integer())',
        'bindparam("most", type_=Integer()) + 1000',
        "test_storage.py::test_a_claim_takes_no_more_than_the_seats",
    ),
    Mutant(
        "opted-out clients are not claimed",
        "claim.py",
        '(Client.opted_out_at.is_not(None), "client_opted_out"), ',
        "",
        "test_optout.py",
    ),
    Mutant(
        "the recall of who opted out",
        "recall.py",
        ", Client.opted_out_at)",
        ")",
        "test_recall.py::test_what_calls_a_claimed_message_back",
    ),
    Mutant(
        "the retry budget",
        "budget.py",
        "if not self.flaps:",
        "if True:",
        "test_budget.py",
    ),
    Mutant(
        "the retry budget, at the claim",
        "pump.py",
        "repeats = self.watch.budget.allows(seats, monotonic) if opening.wide else 1",
        "repeats = seats",
        "test_pump.py::test_while_the_gateway_flaps_repeats_are_few_and_first_attempts_go_on",
    ),
    Mutant(
        "the rate",
        "claim.py",
        "bucket.draw(envelope.text for envelope in claimed if envelope.may_leave(now))",
        "pass",
        "test_storage.py::test_the_rate_bounds_all_dispatchers_together",
    ),
    Mutant(
        "mailings share the rate",
        "claim.py",
        "share = _share(room, len(mailings) - served)",
        "share = room",
        "test_storage.py::test_mailings_share_the_rate_as_they_share_the_seats",
    ),
    Mutant(
        "who waits for tokens is not overtaken",
        "claim.py",
        "return envelopes, served  # it",
        "continue  # it",
        "test_storage.py::test_a_dear_text_waits_for_its_tokens_and_nobody_behind_it_takes_them",
    ),
    Mutant(
        "who may not leave takes no token",
        "claim.py",
        "for envelope in claimed if envelope.may_leave(now))",
        "for envelope in claimed)",
        "test_storage.py::test_who_may_not_leave_any_more_costs_nothing_of_the_rate",
    ),
    Mutant(
        "the halving",
        "congestion.py",
        "max(self._allowed / 2, 1.0)",
        "max(self._allowed, 1.0)",
        "test_congestion.py",
    ),
    Mutant(
        "one halving for all on their way",
        "congestion.py",
        "if began < self._halved_at:",
        "if False:",
        "test_congestion.py",
    ),
    Mutant(
        "a hold binds",
        "gate.py",
        "if state.hold is None or not self._binds(state, now):",
        "if True:",
        "test_gate.py",
    ),
    Mutant(
        "a hold binds its own token only",
        "gate.py",
        "if state.held_under == self.under:",
        "if True:",
        "test_gate.py",
    ),
    Mutant(
        "an operator's hold binds everyone",
        "gate.py",
        "if state.hold is Hold.OPERATOR or (state.wait_until",
        "if (state.wait_until",
        "test_gate.py",
    ),
    Mutant(
        "only a probe lifts a hold",
        "pump.py",
        "advice if delivery.envelope is self._probe else advice.without_lift()",
        "advice",
        "test_pump.py::test_a_good_answer_that_was_on_its_way_before_the_hold_does_not_lift_it",
    ),
    Mutant(
        "what the dead had on the wire is unknown",
        "sweep.py",
        "due_at=now, unknown=True,",
        "due_at=now, unknown=False,",
        "test_storage.py::test_what_a_dead_dispatcher_had_claimed_goes_back_as_unknown",
    ),
    Mutant(
        "a buried dispatcher's late claim is found",
        "sweep.py",
        "or_(Dispatcher.left_at.is_(None), Dispatcher.id.in_(owners))",
        "or_(Dispatcher.left_at.is_(None))",
        "test_storage.py::test_what_a_buried_dispatcher_claimed_meanwhile_is_found_too",
    ),
    Mutant(
        "a watcher that blinked counts anew",
        "sweep.py",
        "self._seen.clear()",
        "pass",
        "test_storage.py::test_a_watcher_that_blinked_counts_anew",
    ),
    Mutant(
        "a retry takes no merge field anew",
        "claim.py",
        "case((Message.frozen, field), else_=_present(field.key))",
        "_present(field.key)",
        "test_merge.py::test_a_retry_is_the_same_bytes_whatever_the_client_became",
    ),
    Mutant(
        "who leaves an end leaves its reason too",
        "../figures/moves.py",
        "self._count(mailing_id, traits, origin, was_reason, -number)",
        'self._count(mailing_id, traits, origin, "", -number)',
        "../test_check.py::test_whoever_is_buried_or_comes_late_is_counted_once",
    ),
    Mutant(
        "who is erased takes the tag along",
        "../figures/moves.py",
        "self._breakdown[mailing_id, Trait.TAG, tag][_place(status)] -= 1",
        "pass",
        "../test_check.py::test_erasing_takes_the_tag_along_and_no_figure",
    ),
    Mutant(
        "the machine of all dispatch misses the fence",
        "record.py",
        "Message.epoch == new.c.epoch, ",
        "",
        MACHINE,
    ),
)


def main() -> int:
    """Try every mutant; 1 if any survives, or if the tests fail on a tree without one."""
    FORKS.set_forkserver_preload(list(LOADED))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        control, *fates = [pool.submit(fate, mutant) for mutant in (None, *MUTANTS)]
        told = [_told(mutant.guard, future.result()) for mutant, future in zip(MUTANTS, fates, strict=True)]
    sound = _told("a tree without a mutant", control.result()) == ALIVE
    return int(not sound or ALIVE in told)


def _told(name: str, fate: str) -> str:
    sys.stdout.write(f"{fate:6}  {name}\n")
    sys.stdout.flush()
    return fate


def fate(mutant: Mutant | None) -> str:
    """What the tests come to on a tree with this mutant; raises when it matches nowhere or in several places."""
    with tempfile.TemporaryDirectory(prefix="mailing-mutant-") as name:
        tree = Path(name)
        for needed in NEEDED:
            _copy(ROOT / needed, tree / needed)
        if mutant is None:
            found = _run(tree, sorted({test for each in MUTANTS for test in each.tests.split()} - {MACHINE}))
            if found == CAUGHT:
                sys.stderr.write((tree / SAID).read_text())  # what is wrong with the tests themselves
            return found
        _mutate(tree / "mailing_app" / "dispatch" / mutant.file, mutant)
        return _run(tree, mutant.tests.split())


def _copy(source: Path, goal: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, goal)  # with what is compiled already: all but the mutated file stays valid
    else:
        shutil.copy2(source, goal)


def _mutate(file: Path, mutant: Mutant) -> None:
    text = file.read_text()
    if (found := text.count(mutant.before)) != 1:
        raise SystemExit(f"{mutant.guard}: stands {found} times in {mutant.file}, not once")
    file.write_text(text.replace(mutant.before, mutant.after))


def _run(tree: Path, tests: list[str]) -> str:
    said = tree / SAID
    run = FORKS.Process(target=_pytest, args=(tree, tests, said))
    run.start()
    run.join(A_RUN)
    if run.is_alive():
        run.kill()
        return HUNG
    told = said.read_text() if said.exists() else ""
    if run.exitcode == 0:
        return ALIVE
    if run.exitcode == 1 and ("\nFAILED " in told or "\nERROR " in told):
        return CAUGHT
    raise SystemExit(f"pytest ended with {run.exitcode}:\n{told}")  # no such test, or a mutant that is no Python


def _pytest(tree: Path, tests: list[str], said: Path) -> None:
    """In a process of its own: the tests on that tree, with its modules."""
    os.chdir(tree)
    sys.path[0] = str(tree)
    command = ["-x", "-q", "--database", "sqlite", "-p", "no:cacheprovider"]
    command += [f"tests/dispatch/{test}" for test in tests]
    with said.open("w", buffering=1) as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        sys.exit(pytest.main(command))


if __name__ == "__main__":
    sys.exit(main())
