"""The page and the JSON doors of the practice gateway."""

import pytest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_weather_is_put_and_read(gateway, ask):
    reply = ask("PUT", "/weather", {"kind": "429", "seconds": 9, "share": 0.5, "for_seconds": 60})
    expected = {"kind": "429", "seconds": 9, "share": 0.5, "for_seconds": 60, "code": 7}
    assert (reply.status, reply.json()) == (200, expected)
    assert ask("GET", "/weather").json() == expected
    assert gateway.weather.kind == "429"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "kind"),
        ([], "kind"),
        ({"kind": ["fair"]}, "kind"),
        ({"kind": "fair", "seconds": "2"}, "seconds"),
        ({"kind": "fair", "colour": "grey"}, "colour"),
        (b'{"kind": "down", "share": NaN}', "share"),
    ],
)
def test_nonsense_weather_names_its_field(gateway, ask, values, field):
    reply = ask("PUT", "/weather", values)
    assert (reply.status, reply.json()["field"]) == (422, field)
    assert field in reply.json()["error"]
    assert gateway.weather.kind == "fair"


def test_weather_that_is_not_json_is_refused(ask):
    assert ask("PUT", "/weather", b"kind=down").status == 400


def test_form_changes_the_weather_and_goes_back(gateway, ask):
    reply = ask("POST", "/weather", b"seconds=&share=0.5&for_seconds=&kind=slow", **FORM)
    assert (reply.status, reply.headers["Location"]) == (303, "/")
    assert (gateway.weather.kind, gateway.weather.share, gateway.weather.pause) == ("slow", 0.5, 2)


@pytest.mark.parametrize("form", [b"share=2&kind=down", b"share=much&kind=down", b"share=1"])
def test_form_says_what_is_wrong(gateway, ask, form):
    reply = ask("POST", "/weather", form, **FORM)
    assert reply.status == 422
    assert b'role="alert"' in reply.body
    assert gateway.weather.kind == "fair"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "http://127.0.0.1:1"])
@pytest.mark.parametrize(("method", "path"), [("PUT", "/weather"), ("POST", "/weather"), ("DELETE", "/inbox")])
def test_pages_of_other_sites_change_nothing(gateway, ask, method, path, origin):
    assert ask(method, path, {"kind": "down"}, Origin=origin).status == 403
    assert gateway.weather.kind == "fair"


def test_own_page_may_change_the_weather(gateway, ask):
    assert ask("PUT", "/weather", {"kind": "down"}, Origin=gateway.url).status == 200


def test_inbox_is_listed_newest_first(ask, send):
    for number in (1, 2, 3):
        send(number, Authorization="Bearer secret")
    reply = ask("GET", "/inbox?limit=2")
    assert [item["message_id"] for item in reply.json()["items"]] == [3, 2]
    assert reply.json()["counts"] == {"received": 3, "accepted": 3, "distinct": 3, "repeated": 0}
    assert b"secret" not in reply.body


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "ten", "9" * 5000])
def test_inbox_limit_is_checked(ask, limit):
    reply = ask("GET", f"/inbox?limit={limit}")
    assert (reply.status, reply.json()["field"]) == (422, "limit")


def test_one_message_shows_all_its_requests(ask, send):
    for number in (1, 2, 1):
        send(number)
    assert len(ask("GET", "/inbox/1").json()["items"]) == 2
    assert ask("GET", "/inbox/9").json() == {"items": []}


def test_inbox_is_emptied(gateway, ask, send):
    send()
    assert ask("DELETE", "/inbox").status == 204
    assert (gateway.inbox, gateway.accepted(), gateway.counts().received) == ([], set(), 0)


def test_gateway_tells_what_it_is(ask):
    assert ask("GET", "/whoami").json() == {"practice_gateway": True}


def test_page_shows_weather_phones_and_messages_escaped(gateway, ask, send):
    gateway.set_weather("down")
    send(4321, text="<script>alert('&')</script>\ud800")
    reply = ask("GET", "/")
    page = reply.body.decode()
    assert reply.status == 200
    assert 'value="down" aria-pressed="true"' in page
    assert "9429" in page
    assert "4321" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_page_forbids_all_but_its_own_style(ask):
    policy = ask("GET", "/").headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "style-src 'self'", "form-action 'self'"):
        assert part in policy
    assert ask("GET", "/style.css").headers.get_content_type() == "text/css"


def test_head_is_get_without_a_body(ask):
    reply = ask("HEAD", "/")
    assert (reply.status, reply.body) == (200, b"")


def test_unknown_path_is_not_found(ask):
    assert ask("GET", "/nowhere").status == 404
    assert ask("POST", "/v1/send/seventeen", {}).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PUT", "/v1/send/1", "GET, POST"), ("PUT", "/inbox", "HEAD, GET, DELETE"), ("BREW", "/", "HEAD, GET")],
)
def test_wrong_method_says_which_are_right(ask, method, path, allowed):
    reply = ask(method, path, b"")
    assert (reply.status, reply.headers["Allow"]) == (405, allowed)
