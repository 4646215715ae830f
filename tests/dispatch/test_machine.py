"""The whole of dispatch against its promises, in orders of events that nobody thought of.

The database is real; time, the seats and the gateway are the machine's own, so that hours pass in milliseconds
and every run takes the same course.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update

from mailing_app import clients, clock, holds, mailings, reports
from mailing_app.db import db, transaction
from mailing_app.dispatch import enrol, gate, retry, rewind, settle, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.gateway import why_not
from mailing_app.dispatch.judge import judge
from mailing_app.dispatch.parts import Answer, Delivery, Envelope, Outcome, Reached
from mailing_app.dispatch.recall import EVERY, Recall
from mailing_app.dispatch.record import Result, record
from mailing_app.errors import NotFound, Refused
from mailing_app.local_time import Window
from mailing_app.models import Attempt, Client, Dispatcher, Mailing, Message, Status, Tally, Traffic, WhenUncertain
from tests.conftest import empty_tables
from tests.factories import a_client, a_mailing, a_phone

SEATS = 3
LEASE = 35.0
"""As with the usual timeout of ten seconds."""

ZONES = ["Europe/Moscow", "Asia/Vladivostok", "America/St_Johns", "Pacific/Kiritimati"]
WINDOWS = [None, Window(time(9), time(21)), Window(time(20), time(8)), Window(time(12), time(12, 30))]

FINAL = {Outcome.ACCEPTED, Outcome.REFUSED, Outcome.DUPLICATE, Outcome.INTERNAL}
"""After these, and known to be so, no second request leaves."""

UNKNOWABLE = {Outcome.UNREADABLE, Outcome.GATEWAY_ERROR, Outcome.CUT_OFF}

OPEN = {Status.PENDING, Status.SENDING}

ANSWERS: dict[str, dict[str, Any]] = {
    "accepted": {"status": 200, "body": b'{"code": 0}'},
    "accepted, too": {"status": 200, "body": b'{"code": 0, "message": "OK"}'},
    "another code": {"status": 200, "body": b'{"code": 7}'},
    "garbage": {"status": 200, "body": b"<html>"},
    "truncated": {"reached": Reached.ANSWER_BEGAN, "status": 200, "body": b'{"code"'},
    "no answer": {"reached": Reached.REQUEST_LEFT, "timed_out": True},
    "refused": {"status": 400},
    "token refused": {"status": 401},
    "wrong address": {"status": 404},
    "duplicate": {"status": 409},
    "too fast": {"status": 429, "headers": {"retry-after": "20"}},
    "error": {"status": 500},
    "busy": {"status": 503, "headers": {"retry-after": "7"}},
}

CHANGES: list[Callable[[int], Any]] = [
    clients.opt_out,
    lambda client_id: clients.change(client_id, phone=a_phone()),
    lambda client_id: clients.change(client_id, tag=a_phone()),
    lambda client_id: clients.change(client_id, timezone="America/Adak"),
]

numbers = st.integers(0, 11)
answers = st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=3)


@dataclass
class Present:
    """The machine's clocks: the one on the wall, and the one that nobody can set."""

    wall: datetime = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)  # the eve of a clock change in Europe
    monotonic: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds


@dataclass
class Terms:
    """What was in force for a claimed message when its dispatcher last looked."""

    starts_at: datetime
    ends_at: datetime
    window: Window | None
    zone: str
    stopped: bool
    opted_out: bool
    phone: str | None
    text: str


@dataclass
class Claim:
    """An envelope in the hands of a dispatcher, and under which of its names it was claimed."""

    envelope: Envelope
    owner: int
    terms: Terms
    began_at: datetime | None = None


@dataclass
class Byte:
    """The first byte of a request, as the gateway saw it."""

    claim: Claim
    outcome: Outcome | None = None
    """What was recorded of it."""
    orphan: bool = False
    """Whether its dispatcher was written off before anything was recorded."""


@dataclass
class Player:
    """A dispatcher as a process is one: its memory, and whether it runs."""

    claimer: Claimer
    recall: Recall = field(default_factory=Recall)
    waiting: list[Claim] = field(default_factory=list)
    begun: list[Byte] = field(default_factory=list)
    unrecorded: list[tuple[Result, Byte | None]] = field(default_factory=list)
    stalled: bool = False
    looked_at: float = 0.0

    @property
    def in_flight(self) -> list[Claim]:
        return [*self.waiting, *(byte.claim for byte in self.begun)]

    @property
    def held(self) -> set[int]:
        unrecorded = (result.delivery.envelope for result, _ in self.unrecorded)
        return {envelope.message_id for envelope in (*(claim.envelope for claim in self.in_flight), *unrecorded)}


class House(RuleBasedStateMachine):
    """Two dispatchers, a gateway and some operators, each doing whatever it likes."""

    def __init__(self, present: Present):
        super().__init__()
        self.present = present
        present.__init__()  # type: ignore[misc]
        db.session.rollback()
        empty_tables()
        self.mailings: list[int] = []
        self.clients: list[int] = []
        self.wire: list[Byte] = []
        self.accepted: set[int] = set()
        self.ended: dict[int, Status] = {}
        self.sweeper = sweep.Sweeper(LEASE)
        self.gate = gate.Gate("one")

    # what the operators do

    @initialize(deduplicates=st.booleans(), zones=st.lists(st.sampled_from(ZONES), min_size=3, max_size=5))
    def begin_the_day(self, deduplicates: bool, zones: list[str]) -> None:
        self.sweeper.deduplicates = self.deduplicates = deduplicates
        self.gate.prepare(clock.now())
        self.players = [self._new_player() for _ in range(2)]
        self.clients = [a_client(timezone=zone).id for zone in zones]
        self._plan(-1, 900, None, WhenUncertain.SEND_AGAIN)
        self._plan(-1, 900, Window(time(17), time(11)), WhenUncertain.HOLD)
        for who in range(2):
            self.claim_and_post(who)

    @precondition(lambda self: len(self.mailings) < 5)
    @rule(
        begins=st.sampled_from([-90, -1, -1, 3]),
        lasts=st.sampled_from([2, 95, 900, 900]),
        window=st.sampled_from(WINDOWS),
        uncertain=st.sampled_from(WhenUncertain),
    )
    def plan(self, begins: int, lasts: int, window: Window | None, uncertain: WhenUncertain) -> None:
        self._plan(begins, lasts, window, uncertain)

    def _plan(self, begins: int, lasts: int, window: Window | None, uncertain: WhenUncertain) -> None:
        starts_at = self.present.wall + timedelta(minutes=begins)
        ends_at = starts_at + timedelta(minutes=lasts)
        terms = {"starts_at": starts_at, "ends_at": ends_at, "window": window, "when_uncertain": uncertain}
        mailing = a_mailing(text="Hello, {tag}!", **terms)
        self.mailings.append(mailing.id)

    @precondition(lambda self: len(self.clients) < 8)
    @rule(zone=st.sampled_from(ZONES))
    def add_a_client(self, zone: str) -> None:
        self.clients.append(a_client(timezone=zone).id)

    @rule(which=numbers, control=st.sampled_from([mailings.pause, mailings.resume, mailings.resume]))
    def pause_or_resume(self, which: int, control: Callable[[int], Any]) -> None:
        with suppress(Refused, NotFound):
            control(picked(self.mailings, which))

    @precondition(lambda self: len(self.mailings) > 3)
    @rule(which=numbers, control=st.sampled_from([mailings.cancel, mailings.delete]))
    def stop_for_good(self, which: int, control: Callable[[int], Any]) -> None:
        with suppress(Refused, NotFound):
            control(picked(self.mailings, which))

    @rule(which=numbers, seconds=st.sampled_from([-60, 1, 3, 8, 120, 36_000, 72_000]))
    def move_the_end(self, which: int, seconds: int) -> None:
        mailing = db.session.get_one(Mailing, picked(self.mailings, which), populate_existing=True)
        ends_at = max(self.present.wall + timedelta(seconds=seconds), mailing.starts_at + timedelta(seconds=1))
        with suppress(NotFound):
            mailings.change(mailing.id, ends_at=ends_at)

    @rule(which=numbers, text=st.sampled_from(["Hello, {tag}!", "Привет!"]))
    def edit_the_text(self, which: int, text: str) -> None:
        with suppress(Refused, NotFound):
            mailings.change(picked(self.mailings, which), text=text)

    @rule(which=numbers)
    def give_another_phone(self, which: int) -> None:
        with suppress(NotFound):
            clients.change(picked(self.clients, which), phone=a_phone())

    @rule(which=numbers, tag=st.sampled_from(["Anna", "{phone}", ""]))
    def give_another_tag(self, which: int, tag: str) -> None:
        with suppress(NotFound):
            clients.change(picked(self.clients, which), tag=tag)

    @rule(which=numbers, zone=st.sampled_from(ZONES))
    def move_to_another_zone(self, which: int, zone: str) -> None:
        with suppress(NotFound):
            clients.change(picked(self.clients, which), timezone=zone)

    @rule(which=numbers, way=st.sampled_from([clients.opt_out, clients.opt_in]))
    def opt_out_or_in(self, which: int, way: Callable[[int], Any]) -> None:
        with suppress(NotFound):
            way(picked(self.clients, which))

    @rule(which=numbers)
    def erase_a_client(self, which: int) -> None:
        with suppress(NotFound):
            clients.erase(picked(self.clients, which))

    @rule(control=st.sampled_from([holds.stop, holds.go_on, holds.go_on, holds.go_on]))
    def stop_or_let_go_on(self, control: Callable[[], None]) -> None:
        control()

    # what a dispatcher does

    @rule()
    def enrol(self) -> None:
        while enrol.enrol(self.present.wall):
            pass

    @rule()
    def settle(self) -> None:
        while settle.settle(self.present.wall):
            pass
        over = self._over()
        waiting = select(Message.mailing_id).where(Message.status == Status.PENDING).distinct()
        assert not over & set(db.session.scalars(waiting))

    @rule(who=numbers)
    def claim(self, who: int) -> None:
        player = self._running(who)
        now = self.present.wall
        free = SEATS - len(player.in_flight)
        if not free or not self.gate.opening(now).wide:
            return
        self.enrol()
        owner = player.claimer.dispatcher_id
        for envelope in player.claimer.claim(free, free, now, self.present.monotonic):
            if envelope.withdrawn:
                self._set_aside(player, envelope, Answer(Reached.NOTHING_LEFT, now, now, begun=False))
                continue
            claim = Claim(envelope, owner, terms_of(envelope))
            assert not claim.terms.stopped
            player.waiting.append(claim)

    @rule(who=numbers)
    def claim_and_never_know(self, who: int) -> None:
        """The commit went through, its answer got lost."""
        player = self._running(who)
        player.claimer.claim(1, 1, self.present.wall, self.present.monotonic)

    @rule(who=numbers)
    def look(self, who: int) -> None:
        self._look(self._running(who))

    @rule(who=numbers, which=numbers, connects=st.sampled_from([True, True, True, False]))
    def begin(self, who: int, which: int, connects: bool) -> None:
        """A seat takes up an envelope; within half a second the pump has looked whether it may leave."""
        player = self._running(who)
        if not player.waiting:
            return
        if self.present.monotonic - player.looked_at >= EVERY:
            self._look(player)
        claim = player.waiting.pop(which % len(player.waiting))
        now = self.present.wall
        if error := why_not(claim.envelope, player.recall, now, self.present.monotonic):
            self._set_aside(player, claim.envelope, Answer(Reached.NOTHING_LEFT, now, now, error=error, begun=False))
        elif not connects:
            self._set_aside(player, claim.envelope, Answer(Reached.NOTHING_LEFT, now, now, error="connection refused"))
        else:
            self._let_leave(player, claim)

    @rule(who=numbers, which=numbers, change=st.sampled_from(CHANGES), begun=st.booleans())
    def change_whom_a_claim_is_for(self, who: int, which: int, change: Callable[[int], Any], begun: bool) -> None:
        """Before the first byte, or between two attempts."""
        self.claim(who)
        waiting = self._running(who).waiting
        if not waiting:
            return
        client_id = picked(waiting, which).envelope.client_id
        if begun:
            self.begin(who, which, True)
            change(client_id)
            self.answer(who, -1, "error")
            self.record(who, False)
            self._tick(40)
            self.claim(who)
        else:
            change(client_id)
        self._tick(EVERY)
        while self._running(who).waiting:
            self.begin(who, 0, True)

    @rule(who=numbers, which=numbers, how=st.sampled_from(sorted(ANSWERS)))
    def answer(self, who: int, which: int, how: str) -> None:
        player = self._running(who)
        if player.begun:
            self._answer(player, player.begun.pop(which % len(player.begun)), how)

    @rule(who=numbers, how=answers, seconds=st.sampled_from([0, 3, 31]))
    def go_round(self, who: int, how: list[str], seconds: int) -> None:
        """What mostly happens: claimed, posted, answered, recorded, and after a while again."""
        self.pass_time(seconds)
        self.claim_and_post(who)
        for each in how:
            self.answer(who, 0, each)
        self.record(who, False)

    @rule(who=numbers)
    def claim_and_post(self, who: int) -> None:
        """As much as there are seats, with no answer yet."""
        self.claim(who)
        for _ in range(SEATS):
            self.begin(who, 0, True)

    @rule(who=numbers, how=answers, woken=numbers)
    def be_late(self, who: int, how: list[str], woken: int) -> None:
        """Post, stand still until others have taken over, and come back with answers while those post."""
        self.claim_and_post(who)
        late = self._running(who)
        late.stalled = True
        self.pass_time(40)
        self.go_round(woken, how[1:], 0)
        late.stalled = False
        while late.begun:
            self._answer(late, late.begun.pop(), how[0])

    @rule(who=numbers, twice=st.booleans())
    def record(self, who: int, twice: bool) -> None:
        """Also again, as after a commit whose answer got lost."""
        player = self._running(who)
        results = [result for result, _ in player.unrecorded]
        for _ in range(1 + twice):
            record(results)
        for result, byte in player.unrecorded:
            if byte is not None:
                byte.outcome = result.delivery.verdict.outcome
            if result.step.status is Status.SENT:
                self.accepted.add(result.delivery.envelope.message_id)
        player.unrecorded = []

    # what befalls them

    @rule(who=numbers, noticed=st.booleans())
    def crash(self, who: int, noticed: bool) -> None:
        """Its memory is gone, and another takes its place; on the same host it is missed at once."""
        lost = self.players[who % len(self.players)]
        self.players[who % len(self.players)] = self._new_player()
        if noticed:
            self._make_gone(lost.claimer.dispatcher_id)

    @rule(who=numbers)
    def stall(self, who: int) -> None:
        self.players[who % len(self.players)].stalled = True

    @rule()
    def wake(self) -> None:
        for player in self.players:
            player.stalled = False

    @rule(seconds=st.sampled_from([0.05, 0.5, 2, 4, 20, 40]))
    def pass_time(self, seconds: float) -> None:
        while seconds > 0:
            self._tick(min(seconds, 4.0))
            seconds -= 4.0

    @rule(minutes=st.sampled_from([1, 5, 30]))
    def let_hours_go_by(self, minutes: int) -> None:
        self._tick(minutes * 60.0)

    @rule(minutes=st.sampled_from([-240, -45, -1, 1, 45, 240]))
    def set_the_clock(self, minutes: int) -> None:
        steps = clock.Steps()
        steps.since_last_look(self.present.wall, self.present.monotonic)
        self.present.wall += timedelta(minutes=minutes)
        if steps.since_last_look(self.present.wall, self.present.monotonic) < timedelta():
            rewind.rewind(self.present.wall)

    # the promises

    @invariant()
    def the_figures_add_up(self) -> None:
        db.session.rollback()
        rows = db.session.execute(select(Message.id, Message.mailing_id, Message.status)).all()
        counted = Counter((row.mailing_id, row.status) for row in rows)
        for tally in db.session.scalars(select(Tally).execution_options(populate_existing=True)):
            told = {status: counted[tally.mailing_id, status] for status in Status}
            recipients = sum(row.mailing_id == tally.mailing_id for row in rows)
            assert reports.statistics(tally) == {"recipients": recipients} | told
        self._nothing_comes_back({row.id: row.status for row in rows})

    def _every_attempt_was_counted_once(self) -> None:
        known = select(func.count()).select_from(Attempt).where(Attempt.outcome != Outcome.UNKNOWN)
        counted = select(func.coalesce(func.sum(Traffic.number), 0))
        assert db.session.scalar(known) == db.session.scalar(counted)
        assert reports.check() == []

    def _nothing_comes_back(self, present: dict[int, Status]) -> None:
        """An acceptance is for ever; any other end may only turn out to have been an acceptance."""
        assert all(present[message_id] is Status.SENT for message_id in self.accepted)
        assert all(present[message_id] in (status, Status.SENT) for message_id, status in self.ended.items())
        self.ended = {message_id: status for message_id, status in present.items() if status not in OPEN}

    def teardown(self) -> None:
        """In the end all comes to rest: fair weather, everybody awake, every mailing past its end."""
        if not hasattr(self, "players"):
            return
        holds.go_on()
        self.wake()
        for who in range(len(self.players)):
            self._finish(who)
            self.claim(who)
            self._finish(who)
        ends_at = max(db.session.scalars(select(Mailing.ends_at)))
        self._tick(max((ends_at - self.present.wall).total_seconds(), 0.0) + 1)
        for who in range(len(self.players)):
            self._finish(who)
        self.pass_time(60)
        self.enrol()
        self.settle()
        self.the_figures_add_up()
        self._every_attempt_was_counted_once()
        assert not OPEN & set(db.session.scalars(select(Message.status)))
        db.session.rollback()

    def _finish(self, who: int) -> None:
        player = self._running(who)
        while player.waiting or player.begun:
            self.begin(who, 0, True)
            self.answer(who, 0, "accepted")
        self.record(who, False)

    # how it is done

    def _new_player(self) -> Player:
        return Player(Claimer(sweep.enlist(self.present.wall, SEATS), deduplicates=self.deduplicates))

    def _running(self, who: int) -> Player:
        """The one meant, or if it is stalled the next that is not; one of the two always goes on."""
        running = [player for player in self.players if not player.stalled]
        if not running:
            self.players.append(self._new_player())
            running = self.players[-1:]
        return running[who % len(running)]

    def _look(self, player: Player) -> None:
        player.looked_at = self.present.monotonic
        player.recall.look([claim.envelope for claim in player.in_flight])
        for claim in player.waiting:
            claim.terms = terms_of(claim.envelope)

    def _let_leave(self, player: Player, claim: Claim) -> None:
        envelope, terms, now = claim.envelope, claim.terms, self.present.wall
        assert terms.starts_at <= now < terms.ends_at
        assert terms.window is None or inside(terms.window, now.astimezone(ZoneInfo(terms.zone)).time())
        assert not terms.stopped
        assert not terms.opted_out
        assert terms.phone is not None
        assert envelope.frozen or (terms.phone, terms.text) == (envelope.phone, envelope.text)
        self._check_repeat(envelope)
        claim.began_at = now
        byte = Byte(claim)
        self.wire.append(byte)
        player.begun.append(byte)

    def _check_repeat(self, envelope: Envelope) -> None:
        """A second request: the first one's outcome is not known or asks for it, and it is the same bytes."""
        for before in self.wire:
            if before.claim.envelope.message_id != envelope.message_id:
                continue
            assert (before.claim.envelope.phone, before.claim.envelope.text) == (envelope.phone, envelope.text)
            assert before.orphan or (before.outcome is not None and before.outcome not in FINAL)
            assert envelope.repeats or not (before.orphan or before.outcome in UNKNOWABLE)

    def _answer(self, player: Player, byte: Byte, how: str) -> None:
        assert byte.claim.began_at
        plain = {"reached": Reached.ANSWER_ENDED, "began_at": byte.claim.began_at, "ended_at": self.present.wall}
        self._set_aside(player, byte.claim.envelope, Answer(**(plain | ANSWERS[how])), byte)

    def _set_aside(self, player: Player, envelope: Envelope, answer: Answer, byte: Byte | None = None) -> None:
        """Decide what becomes of it, and keep that until it is recorded."""
        verdict = judge(answer, {})
        step = retry.next_step(verdict, envelope, self.present.wall, 0.5)
        if envelope.withdrawn:
            status = Status.UNCERTAIN if envelope.unknown else Status.CANCELLED
            step = replace(step, status=status, reason=envelope.withdrawn, due_at=None)
        player.unrecorded.append((Result(Delivery(envelope, answer, verdict), step), byte))

    def _tick(self, seconds: float) -> None:
        """Time goes by; who runs shows it, and somebody looks for those who do not."""
        self.present.pass_by(seconds)
        now = self.present.wall
        for player in self.players:
            if player.stalled:
                continue
            if sweep.beat(player.claimer.dispatcher_id, now):
                sweep.release_strays(player.claimer.dispatcher_id, player.held, now)
            else:
                player.claimer = self._new_player().claimer
        self.sweeper.sweep(now, self.present.monotonic)
        buried = set(db.session.scalars(select(Dispatcher.id).where(Dispatcher.left_at.is_not(None))))
        for byte in self.wire:
            byte.orphan = byte.orphan or (byte.outcome is None and byte.claim.owner in buried)

    def _make_gone(self, dispatcher_id: int) -> None:
        with transaction() as session:
            gone = update(Dispatcher).where(Dispatcher.id == dispatcher_id)
            session.execute(gone.values(process_began="of a process that is gone"))

    def _over(self) -> set[int]:
        """The mailings that send nothing more, as a person would tell from their dates and controls."""
        every = db.session.scalars(select(Mailing).execution_options(populate_existing=True)).unique()
        return {
            each.id
            for each in every
            if each.cancelled_at or each.deleted_at or (each.ends_at <= self.present.wall and each.enrolled_at)
        }


def picked(ids: list[int], which: int) -> int:
    return ids[which % len(ids)]


def inside(window: Window, wall: time) -> bool:
    if window.opens < window.closes:
        return window.opens <= wall < window.closes
    return wall >= window.opens or wall < window.closes


def terms_of(envelope: Envelope) -> Terms:
    """What is in force now, in the words of the rows themselves."""
    db.session.rollback()
    mailing = db.session.get_one(Mailing, envelope.mailing_id, populate_existing=True)
    client = db.session.get_one(Client, envelope.client_id, populate_existing=True)
    stopped = bool(mailing.paused_at or mailing.cancelled_at or mailing.deleted_at)
    text = mailing.text.replace("{tag}", client.tag)
    opted_out = client.opted_out_at is not None
    return Terms(
        mailing.starts_at, mailing.ends_at, mailing.window, client.timezone, stopped, opted_out, client.phone, text
    )


@pytest.mark.timeout(300)  # seconds of work, but of the processor's: on a busy machine it takes its time
def test_the_promises_hold_whatever_happens(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    present = Present()
    monkeypatch.setattr(clock, "now", lambda: present.wall)
    monkeypatch.setattr(clock, "monotonic", lambda: present.monotonic)
    run_state_machine_as_test(
        partial(House, present),
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],  # a failure is told as it came: to shrink it takes minutes
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
