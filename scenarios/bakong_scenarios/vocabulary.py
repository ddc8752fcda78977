"""The faults and conditions that every scheme has, with their parameters. Data, no code; the simulator plays them.

What a scheme adds to them is in its words: refusals, pages of its own, faults that know its answers.
"""

from typing import Literal, NamedTuple

Kind = Literal["duration", "shift", "integer", "fraction", "text"]


class Parameter(NamedTuple):
    """A parameter: its kind, its value when left out, and the texts that it may be, if they are few.

    A duration is like 500ms, 2s, 15m, 24h; a shift is one with a sign.
    """

    kind: Kind
    default: object = None
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None


Parameters = dict[str, Parameter]

MIDNIGHT = "midnight"
PAGES = ("nginx", "cloudfront", "html", "empty")

FAULTS: dict[str, Parameters] = {
    # The answer comes later: by a fixed time (for), one drawn between two (from, to), or one whose half are quicker
    # than the median and of whose hundred one is slower than p99 (lognormal).
    "delay": {
        "for": Parameter("duration"),
        "from": Parameter("duration"),
        "to": Parameter("duration"),
        "median": Parameter("duration", least=1),
        "p99": Parameter("duration", least=1),
    },
    # Nothing comes for so long; then the connection ends without an answer.
    "hang": {"for": Parameter("duration", 60_000)},
    # The connection is reset (TCP RST), before the head of the answer or in the middle of the body.
    "reset": {"at": Parameter("text", "before_head", ("before_head", "after_head"))},
    # Nothing where something should be: an answer with an empty body, or a connection closed without an answer.
    "empty": {"as": Parameter("text", "body", ("body", "connection"))},
    # Bytes without sense: in the place of the body, or in the place of the whole HTTP answer.
    "garbage": {
        "as": Parameter("text", "body", ("body", "connection")),
        "bytes": Parameter("integer", 64, least=1, most=1_000_000),
    },
    # The end is missing, after this part of the body: well-formed HTTP with broken JSON, or a connection that closes
    # before as many bytes came as the head had promised.
    "truncate": {"at": Parameter("fraction", 0.5), "as": Parameter("text", "body", ("body", "connection"))},
    # Fields that no document names, outside and inside of data.
    "unknown_fields": {"count": Parameter("integer", 3, least=1, most=1000)},
    # The right body under a wrong Content-Type.
    "content_type": {"is": Parameter("text", "text/html")},
    # The body in so many pieces, with so long between them.
    "dribble": {"pieces": Parameter("integer", 10, least=1), "every": Parameter("duration", 200)},
    # Another status and body, as a gateway would send, or the API itself with one of its own pages.
    "http": {
        "status": Parameter("integer", 503, least=200, most=599),
        "body": Parameter("text", "nginx", PAGES),
        "retry_after": Parameter("duration"),
    },
}

# Of a fault's parameters, those that belong together: a script gives all of one set, and of no other.
ALTERNATIVES: dict[str, tuple[tuple[str, ...], ...]] = {
    "delay": (("for",), ("from", "to"), ("median", "p99")),
}

# What goes wrong with a webhook on its way to the code under test.
WEBHOOK_FAULTS: dict[str, Parameters] = {
    # It never arrives; with attempts, the first so many are lost and the next one arrives.
    "lost": {"attempts": Parameter("integer", least=1)},
    # It is sent twice, with the same id and body.
    "twice": {},
    # It is sent so much later, in the world's time.
    "late": {"by": Parameter("duration", 5000, least=1)},
    # The next event to the same endpoint overtakes it; where none comes within so long, it is sent all the same.
    "out_of_order": {"within": Parameter("duration", 60_000, least=1)},
    # Its signature is of another body; with attempts, on the first so many.
    "wrong_signature": {"attempts": Parameter("integer", least=1)},
    # It is signed with a key that is not the endpoint's; with attempts, on the first so many.
    "wrong_key": {"attempts": Parameter("integer", least=1)},
}

_PER = Parameter("text", "script", ("script", "payment"))
# When a rule strikes, of the calls that it is for. A single value stands for the first parameter.
CONDITIONS: dict[str, Parameters] = {
    # With this probability.
    "chance": {"is": Parameter("fraction", 1.0)},
    # The first so many calls of the rule, then no more; per: of the script, or of each payment for itself.
    "first": {"calls": Parameter("integer", 1, least=1), "per": _PER},
    # So many calls in a row of every so many; per: likewise.
    "burst": {"calls": Parameter("integer", 5, least=1), "every": Parameter("integer", 20, least=1), "per": _PER},
    # From so long to so long after the scenario began, in the world's time; every: again and again.
    "window": {"from": Parameter("duration", 0), "to": Parameter("duration"), "every": Parameter("duration")},
    # With a probability that grows from one to another, over so long after the scenario began.
    "ramp": {
        "over": Parameter("duration", 60_000, least=1),
        "from": Parameter("fraction", 0.0),
        "to": Parameter("fraction", 1.0),
    },
    # Until the client calls an endpoint, such as one that renews its token; or until midnight where the scheme is.
    "until": {"is": Parameter("text", MIDNIGHT, (MIDNIGHT,)), "utc_offset": Parameter("shift", 0)},
}
