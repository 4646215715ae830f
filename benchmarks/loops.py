"""Threads that post one message after the other and store nothing: `python -m benchmarks.loops own|lean|plain URL
THREADS NUMBER`. It waits to be killed: who asks what it took needs the process.
"""

import json
import signal
import sys
import threading
from collections.abc import Callable

PHONE, TEXT = "79001234567", "Hello!"
AN_HOUR = 3600


def own(url: str) -> Callable[[int], object]:
    """The product's own exchange, with its deadline, its caps and its look before the first byte."""
    from datetime import timedelta

    from mailing_app import clock
    from mailing_app.dispatch.gateway import Address, post
    from mailing_app.dispatch.parts import Envelope
    from mailing_app.dispatch.recall import Recall

    address, recall, now = Address(url, "", 10, 3), Recall(), clock.now()
    end = now + timedelta(seconds=AN_HOUR)

    def one(message_id: int) -> object:
        envelope = Envelope(
            message_id=message_id, mailing_id=1, client_id=message_id, epoch=1, phone=PHONE, text=TEXT, attempts=0,
            tries=0, unknown=False, frozen=False, repeats=True, opens_at=now, ends_at=end, closes_at=end,
            dispatcher_id=1, stale_at=clock.monotonic() + AN_HOUR,
        )  # fmt: skip
        return post(address, recall, envelope)

    return one


def lean(url: str) -> Callable[[int], object]:
    """The least that `requests` does without our own line: an adapter that holds its pool, and one prepared request."""
    import requests
    from requests.adapters import HTTPAdapter

    class Held(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *_given: object, **_named: object) -> requests.Response:
            answer = pool.urlopen(
                request.method, request.url, request.body, request.headers, retries=False, redirect=False,
                assert_same_host=False, preload_content=False, decode_content=False, timeout=10,
            )  # fmt: skip
            response = requests.Response()
            response.status_code, response._content = answer.status, answer.read()
            answer.release_conn()
            return response

    adapter, headers = Held(), {"Content-Type": "application/json"}
    pool = adapter.get_connection_with_tls_context(requests.Request("POST", url).prepare(), verify=True)
    request = requests.Request("POST", url, headers=headers).prepare()

    def one(message_id: int) -> object:
        request.url = f"/v1/send/{message_id}"
        request.body = json.dumps(_payload(message_id)).encode()
        request.headers["Content-Length"] = str(len(request.body))
        return adapter.send(request).json()

    return one


def plain(url: str) -> Callable[[int], object]:
    """What anybody would write first: a session, and `json=`."""
    import requests

    session = requests.Session()

    def one(message_id: int) -> object:
        return session.post(f"{url}/v1/send/{message_id}", json=_payload(message_id), timeout=10).json()

    return one


def _payload(message_id: int) -> dict[str, object]:
    return {"id": message_id, "phone": int(PHONE), "text": TEXT}


LOOPS = {"own": own, "lean": lean, "plain": plain}


def main(kind: str, url: str, threads: int, number: int) -> None:
    """Post them all."""
    ids = iter(range(1, number + 1))  # one for all threads: to take the next is one step of the interpreter
    loops = [LOOPS[kind](url) for _ in range(threads)]

    def post_some(one: Callable[[int], object]) -> None:
        for message_id in ids:
            one(message_id)

    for one in loops:
        threading.Thread(target=post_some, args=(one,), daemon=True).start()
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
