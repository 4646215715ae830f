"""The bucket of one transaction; that all dispatchers draw from one is tested with the claims."""

import sys

from mailing_app.dispatch.rate import Bucket

TWO_PARTS = "я" * 71


def test_without_a_rate_it_has_no_bottom() -> None:
    bucket = Bucket()
    bucket.draw(["Hello!"] * 1_000_000)
    assert bucket.affords("Hello!") == bucket.whole == sys.maxsize


def test_a_message_costs_a_whole_token() -> None:
    bucket = Bucket(tokens=2.9, most=10.0)
    assert bucket.affords(TWO_PARTS) == 2
    bucket.draw([TWO_PARTS] * 2)
    assert bucket.affords(TWO_PARTS) == 0


def test_by_parts_a_text_costs_what_it_takes_on_the_air() -> None:
    bucket = Bucket(tokens=5.0, most=10.0, by_parts=True)
    assert (bucket.affords("Hello!"), bucket.affords(TWO_PARTS)) == (5, 2)
    bucket.draw([TWO_PARTS] * 2)
    assert (bucket.affords("Hello!"), bucket.affords(TWO_PARTS)) == (1, 0)


def test_merge_fields_are_afforded_at_their_dearest_and_drawn_as_each_client_reads_them() -> None:
    bucket = Bucket(tokens=9.0, most=10.0, by_parts=True)
    assert bucket.affords("Hello, {tag}!") == 2  # of four parts, for a tag of a hundred emoji
    bucket.draw(["Hello, Anna!", "Hello, " + "я" * 71])
    assert bucket.tokens == 6.0


def test_only_a_full_bucket_goes_into_debt_and_by_one_message() -> None:
    assert Bucket(tokens=0.9, most=1.0, by_parts=True).affords(TWO_PARTS) == 0
    bucket = Bucket(tokens=1.0, most=1.0, by_parts=True)
    assert bucket.affords(TWO_PARTS) == 1
    bucket.draw([TWO_PARTS])
    assert bucket.tokens == -1.0
    assert bucket.affords("Hello!") < 1
