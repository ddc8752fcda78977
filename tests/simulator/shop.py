"""A tiny scheme that posts webhooks signed with HMAC-SHA256, and a shop that receives them in the sender's place."""

import hashlib
import hmac
import json

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Endpoint, Message, Outcome, Signed, Webhooks
from bakong_simulator.kernel.world import World
from tests.conftest import NOW_MS

URL = "http://shop.test/hooks"
SECRET = "whsec_Sokha7"
RETRIES_S = (60, 300, 3600)
SPAN_MS = sum(RETRIES_S) * 1000


def mac(secret, signed):
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def sign(unsigned):
    """HMAC-SHA256 over time and body, one for each secret that is good."""
    at_s = unsigned.at_ms // 1000
    signed = b"%d.%b" % (at_s, unsigned.body)
    macs = "".join(f",v1={mac(secret, signed)}" for secret in unsigned.secrets)
    return Signed({"content-type": "application/json", "x-signature": f"t={at_s}{macs}"})


def is_signed(attempt, secret=SECRET):
    """As a shop verifies it."""
    at_s, *macs = (part.partition("=")[2] for part in attempt.headers["x-signature"].split(","))
    return mac(secret, at_s.encode() + b"." + attempt.body) in macs


def event_of(number, kind="charge.complete"):
    return Message(f"evt_{number}", kind, json.dumps({"id": f"evt_{number}", "type": kind}).encode())


TINY = Webhooks("tiny", sign, RETRIES_S, test_event=lambda kind: event_of(0, kind or "charge.complete"))


class Shop:
    """A receiver in the place of the sender: it answers with what is scripted, then with 200; or hangs."""

    def __init__(self, world, *answers):
        self.world = world
        self.answers = list(answers)
        self.seen = []  # when, and the attempt
        self.hanging = []

    async def __call__(self, attempt, done):
        self.seen.append((self.world.clock.now_ms() - NOW_MS, attempt))
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "hang":
            self.hanging.append(done)
        elif isinstance(answer, str):
            done(Outcome(None, answer))
        else:
            done(Outcome(answer, answer=b"thanks"))

    @property
    def ids(self):
        return [json.loads(attempt.body)["id"] for _, attempt in self.seen]

    @property
    def times_s(self):
        return [at_ms / 1000 for at_ms, _ in self.seen]


def new_world(seed, wall_ms=lambda: NOW_MS):
    """A world of its own, whose wall stands still."""
    return World("w", seed, wall_ms, SCHEMES, LIBRARY)


def open_shop(world, *answers, scheme=TINY):
    """A world with a scheme that posts webhooks to one shop."""
    world.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    world.outbox.register(scheme)
    world.outbox.add_endpoint(Endpoint(scheme.scheme, URL, SECRET))
    shop = world.outbox.send = Shop(world, *answers)
    return shop


def publish(world, number=1, **options):
    return world.outbox.publish("tiny", event_of(number), **options)


def script(rules):
    return LIBRARY.read(f"name: odd-post\nwebhooks: [{rules}]")


def states(world):
    return [event.state.value for event in world.outbox.events.values()]
