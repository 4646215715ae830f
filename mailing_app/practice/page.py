"""The small page: the weather with its buttons, the counts, and the last messages."""

from datetime import UTC, datetime
from html import escape

from mailing_app.practice.inbox import Counts, Received
from mailing_app.practice.rehearsal import Rehearsal
from mailing_app.practice.weather import KINDS, Weather

SHOWN = 20

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Practice gateway</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>Practice gateway</h1>
<p>It takes messages and delivers none. The weather is <strong>{now}</strong>. <a href="/">Look again</a></p>
{problem}
<section aria-labelledby="weather">
<h2 id="weather">Weather</h2>
<form method="post" action="/weather">
<div class="options">
<label>Seconds <input name="seconds" inputmode="decimal" placeholder="as usual"></label>
<label>Share, 0 to 1 <input name="share" inputmode="decimal" placeholder="1"></label>
<label>For seconds <input name="for_seconds" inputmode="decimal" placeholder="until changed"></label>
</div>
<table>
<thead><tr><th scope="col">Kind</th><th scope="col">What it does</th>
<th scope="col">Phone ending</th></tr></thead>
<tbody>
{kinds}
</tbody>
</table>
</form>
<p>A phone with one of these endings has that weather always, whatever the weather is for the others.</p>
</section>
<section aria-labelledby="inbox">
<h2 id="inbox">Inbox</h2>
{counts}
{messages}
</section>
</main>
</body>
</html>
"""

INBOX = """<div class="wide" role="region" aria-label="Last messages" tabindex="0"><table>
<thead><tr><th scope="col">Time, UTC</th><th scope="col">Message</th><th scope="col">Phone</th>
<th scope="col">Weather</th><th scope="col">Accepted</th><th scope="col">Text</th></tr></thead>
<tbody>
{rows}
</tbody>
</table></div>"""


def render(rehearsal: Rehearsal, problem: str) -> str:
    """The page as HTML."""
    weather = rehearsal.weather
    return PAGE.format(
        now=escape(_in_words(weather)),
        problem=f'<p role="alert">{escape(problem)}</p>' if problem else "",
        kinds="\n".join(_kind_row(rehearsal, kind, weather.kind) for kind in KINDS),
        counts=_counts(rehearsal.counts()),
        messages=_messages(rehearsal.mailbox.newest(SHOWN)),
    )


def _in_words(weather: Weather) -> str:
    words = [weather.kind]
    if weather.pause:
        words.append(f"{weather.pause:g} s")
    if weather.share < 1:
        words.append(f"{weather.share:.0%} of requests")
    if weather.for_seconds is not None:
        words.append(f"set for {weather.for_seconds:g} s")
    return ", ".join(words)


def _kind_row(rehearsal: Rehearsal, kind: str, current: str) -> str:
    endings = ", ".join(ending for ending, weather in rehearsal.sky.by_ending.items() if weather.kind == kind)
    mark = ' aria-pressed="true"' if kind == current else ""
    return (
        f'<tr><th scope="row"><button name="kind" value="{kind}"{mark}>{kind}</button></th>'
        f"<td>{KINDS[kind]}</td><td>{escape(endings)}</td></tr>"
    )


def _counts(counts: Counts) -> str:
    named = {
        "Received": counts.received,
        "Accepted": counts.accepted,
        "Distinct messages": counts.distinct,
        "Repeated": counts.repeated,
    }
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{n}</dd></div>" for name, n in named.items()) + "</dl>"


def _messages(newest: list[Received]) -> str:
    if not newest:
        return "<p>Nothing has come yet.</p>"
    return INBOX.format(rows="\n".join(_message_row(received) for received in newest))


def _message_row(received: Received) -> str:
    came_at = datetime.fromtimestamp(received.received_at, UTC)
    cells = [
        f"{came_at:%H:%M:%S}",
        str(received.message_id),
        str(received.phone),
        received.weather,
        "yes" if received.accepted else "no",
        received.text,
    ]
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
