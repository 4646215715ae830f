"""What nobody means well by: values, bodies, addresses and headers for every door of the service."""

FORBIDDEN_TEXTS = {
    "NUL": "a\x00b",
    "escape": "\x1b[2J",
    "C1 control": "a\x9bb",
    "lone surrogate": "a\ud800b",
    "bidi override": "a\u202eb",
    "bidi isolate": "a\u2066b",
}
"""No field of any form takes one of these."""

ODD_TEXTS = FORBIDDEN_TEXTS | {
    "nothing": "",
    "white space": " \t\u00a0",
    "long": "x" * 70_000,
    "zero width": "\u200b\u200d\ufeff",
    "not a number": "NaN",
    "infinite": "-Infinity",
    "2^70": str(2**70),
    "negative": "-1",
    "hexadecimal": "0x10",
    "digits of elsewhere": "\u0661\u0662\u0663",
    "quote": "' OR 1=1 --",
    "template": "{{ 7 * 7 }}{% raw %}",
    "path": "../../etc/passwd",
    "formula": "=1+1",
    "line ends": "a\r\nSet-Cookie: owned=1",
    "astral": "\U0001f600" * 30,
}

ODD_VALUES = ODD_TEXTS | {
    "null": None,
    "true": True,
    "zero": 0,
    "minus one": -1,
    "fraction": 1.5,
    "huge fraction": 1e308,
    "2^70 as a number": 2**70,
    "empty list": [],
    "list of lists": [[["x"]]],
    "list of NUL": ["\x00"],
    "list of bidi": ["\u202e"],
    "long list": ["x"] * 5_000,
    "list of numbers": [1, None, True],
    "empty object": {},
    "object": {"a": {"b": {"c": 1}}},
    "prototype": {"__proto__": {"admin": True}},
}

NOT_JSON = {
    "nothing": b"",
    "open": b"{",
    "word": b"nope",
    "NaN": b'{"phone": NaN}',
    "infinite": b'{"phone": -Infinity}',
    "not UTF-8": b"\xff\xfe\x00",
    "byte order mark": b"\xef\xbb\xbf{}",
    "5,000 digits": b'{"phone": ' + b"7" * 5_000 + b"}",
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "two": b"{}{}",
    "single quotes": b"{'phone': 1}",
    "comment": b"{} // x",
}

NOT_OBJECTS = {"list": b"[]", "text": b'"x"', "number": b"1", "null": b"null", "true": b"true"}

LARGE = b'{"text": "' + b"x" * 10_000_000 + b'"}'
"""10 MB of good JSON."""

NOT_IDS = (
    "0", "-1", "+1", "01", "1.0", "1e3", "x", "null", "NaN", "\u0661", f"{2**63}", f"{2**70}", "9" * 5_000, "%00",
    "%ff", "%0a1", "1%0a", "1%00", "%e2%80%ae1", "%ed%a0%80", "1;x", "..%2f1", "%2e%2e", "1'", "{1}",
)  # fmt: skip

RAW_QUERY_VALUES = {
    "NUL": "%00", "not UTF-8": "%ff", "lone surrogate": "%ed%a0%80", "bidi": "%e2%80%ae", "2^70": str(2**70),
    "minus one": "-1", "NaN": "NaN", "long": "x" * 5_000, "list": "[1]", "cursor": "eyJpZCI6MX0", "escape": "%1b",
    "line end": "%0d%0aX:1", "half an escape": "%", "quote": "'%20OR%201=1",
}  # fmt: skip

HEADERS = {
    "If-Match": ("", "*", "1", '"', '""', '"\xff"', "W/", '"x", "y"', '"1"' * 500, "x" * 8_000),
    "If-None-Match": ("", "*", '"', "W/", '"1"' * 500),
    "Idempotency-Key": ("", "x" * 256, "tab\there", "\xff", '"quoted"'),
    "Accept-Language": ("", ";;;", "ru;q=x", "\xff", "a" * 8_000, "en," * 1_000),
    "Accept": ("", "text/html", "\xff", "a" * 8_000),
    "Content-Type": ("", "application/json; charset=utf-16", "multipart/form-data", "multipart/form-data; boundary=",
                     "multipart/form-data; boundary=" + "x" * 300, "application/json;" * 100, "\xff"),
    "Cookie": ("mailing_session=x", "mailing_session=" + "." * 4_000, "=;=;", "\xff"),
    "X-Forwarded-For": ("'", "\xff", "1.2.3.4, " * 500),
    "X-HTTP-Method-Override": ("DELETE",),
    "Range": ("bytes=0-", "bytes=5-1", "x" * 500),
    "Host": ("", "evil.example", "\xff", "localhost:x"),
    "Content-Length": ("-1", "x", "99999999999999999999"),
}  # fmt: skip

NOT_TOKENS = (
    "",
    "Bearer",
    "Bearer ",
    "Bearer x y",
    "Basic eDp5",
    "bearer \xff",
    "Bearer " + "x" * 8_000,
    "Bearer ' OR 1",
)
