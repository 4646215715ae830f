"""Every weather does what it says, for as long as it says, to whom it says."""

import json
import socket
import time

import pytest

from mailing_app.practice import KINDS, Weather, WeatherError
from mailing_app.practice.sky import Sky
from tests.practice.conftest import PHONE, message, read_all


@pytest.mark.parametrize(("kind", "status"), [("down", 503), ("500", 500), ("429", 429), ("401", 401)])
def test_error_weather_answers_its_status(gateway, send, kind, status):
    gateway.set_weather(kind)
    assert send().status == status
    (received,) = gateway.inbox
    assert (received.weather, received.accepted) == (kind, False)


def test_429_says_when_to_come_again(gateway, send):
    gateway.set_weather("429")
    assert send().headers["Retry-After"] == "5"
    gateway.set_weather(Weather("429", seconds=30))
    assert send().headers["Retry-After"] == "30"


def test_garbage_is_a_good_status_without_json(gateway, send):
    gateway.set_weather("garbage")
    reply = send()
    assert reply.status == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json()


def test_html_is_a_good_status_with_a_page(gateway, send):
    gateway.set_weather("html")
    reply = send()
    assert (reply.status, reply.headers.get_content_type()) == (200, "text/html")


def test_code_is_the_one_given(gateway, send):
    gateway.set_weather(Weather("code", code=42))
    assert send().json()["code"] == 42


def test_slow_accepts_late(gateway, send):
    gateway.set_weather(Weather("slow", seconds=0.05))
    began = time.monotonic()
    assert send().json()["code"] == 0
    assert time.monotonic() - began >= 0.05
    assert gateway.accepted() == {17}


def test_reset_cuts_after_reading(gateway, raw):
    gateway.set_weather("reset")
    with pytest.raises(ConnectionResetError):
        raw(message(1)).recv(1)
    assert len(gateway.received(1)) == 1


def test_hanging_says_nothing_until_the_weather_changes(gateway, raw):
    gateway.set_weather("hanging")
    connection = raw(message(1))
    assert gateway.wait_for_requests(1)
    gateway.set_weather("fair")
    assert connection.recv(1) == b""


def test_hanging_ends_with_its_own_time(gateway, raw):
    gateway.set_weather(Weather("hanging", for_seconds=0.2))
    assert raw(message(1)).recv(1) == b""
    assert raw(message(2)).recv(4096).startswith(b"HTTP/1.1 200")


def test_hanging_survives_a_client_that_leaves(gateway, raw, send):
    gateway.set_weather("hanging")
    raw(message(1)).close()
    assert gateway.wait_for_requests(1)
    gateway.set_weather("fair")
    assert send(2).status == 200


def test_dripping_never_ends_by_itself(gateway, raw):
    gateway.set_weather(Weather("dripping", seconds=0.0001))
    connection = raw(message(1))
    head = b""
    while len(head) < 200:
        head += connection.recv(64)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b'{"code": 0' + b" " * (len(head) - head.index(b"{") - 10))
    gateway.set_weather("fair")
    assert read_all(connection).strip() == b""


def test_share_is_spread_evenly(gateway, send):
    gateway.set_weather(Weather("down", share=0.25))
    assert [send(n).status for n in range(8)] == [200, 200, 200, 503] * 2


def test_weather_turns_fair_after_its_time():
    now = [100.0]
    sky = Sky(monotonic=lambda: now[0])
    sky.change(Weather("down", for_seconds=10))
    now[0] = 109.9
    assert sky.outlook(1, PHONE).answer == Weather("down", for_seconds=10)
    now[0] = 110.0
    assert sky.outlook(1, PHONE).answer == Weather()
    assert sky.weather.kind == "fair"


@pytest.mark.parametrize(
    ("ending", "status"),
    [(9002, 503), (9500, 500), (9429, 429), (9401, 401), (9005, 200), (9006, 200), (9007, 200)],
)
def test_phone_brings_its_own_weather(gateway, send, ending, status):
    assert send(1, phone=79000000000 + ending).status == status
    assert gateway.accepted() == set()


def test_phone_goes_before_the_general_weather(gateway, send):
    gateway.set_weather("down")
    assert send(1, phone=79000009500).status == 500


def test_every_kind_but_fair_has_a_phone(gateway):
    assert {weather.kind for weather in gateway.sky.by_ending.values()} == set(KINDS) - {"fair"}


def test_script_goes_before_all_weather_and_in_order(gateway, send):
    gateway.set_weather("down")
    gateway.script(None, ["500"])
    gateway.script(7, ["429", Weather("code", code=3), "fair"])
    assert [send(7).status, send(7).json().get("code"), send(7).json().get("code")] == [429, 3, 0]
    assert [send(8).status, send(8).status] == [500, 503]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"SSH-2.0-hello\r\n"])
def test_raw_bytes_are_sent_as_they_are_and_the_connection_closed(gateway, raw, answer):
    gateway.script(1, [answer])
    assert read_all(raw(message(1))) == answer
    (received,) = gateway.inbox
    assert (received.weather, received.accepted) == ("scripted", False)


def test_stop_ends_every_kind_of_waiting(gateway, raw):
    for number, ending in enumerate((9001, 9003, 9004)):
        raw(message(number, phone=79000000000 + ending))
    assert gateway.wait_for_requests(3)
    gateway.close_gate()
    raw(message(3))
    assert gateway.wait_for_requests(4)
    began = time.monotonic()
    gateway.stop()
    assert time.monotonic() - began < 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", gateway.port))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "sunny"}, "kind"),
        ({"kind": 500}, "kind"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": True}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"share": 1.01}, "share"),
        ({"share": None}, "share"),
        ({"for_seconds": "5"}, "for_seconds"),
        ({"for_seconds": float("inf")}, "for_seconds"),
        ({"code": 0}, "code"),
        ({"code": 1.5}, "code"),
    ],
)
def test_nonsense_is_refused_by_field(values, field):
    with pytest.raises(WeatherError) as caught:
        Weather(**values)
    assert caught.value.field == field
