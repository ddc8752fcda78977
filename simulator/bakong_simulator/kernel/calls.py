"""What a call is about, whatever scheme it is of: its payments, and so the scripts whose faults may strike it."""

from collections.abc import Iterable
from typing import NamedTuple

from bakong_scenarios import FaultRule, Scenario
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import AnyScheme, World
from bakong_simulator.wire.reply import Reply

MAX_TEXT = 1024  # of a path, or a query, that the journal keeps


class CallTarget(NamedTuple):
    """number: the call's, of its one payment, else of the endpoint. payment: the one that it is about.

    scripts: those that it falls under, each with the call's number there; None is the world's.
    """

    number: int
    payment: Payment | None
    scripts: tuple[tuple[Scenario | None, int], ...]


NOTHING = CallTarget(0, None, ())


def about_none(world: World, scheme: AnyScheme, endpoint: str, script: Scenario | None) -> CallTarget:
    """A call that is about no payment."""
    number = world.count(scheme.name, endpoint)
    return CallTarget(number, None, ((script, number),))


def about_one(payment: Payment, named: Scenario | None) -> CallTarget:
    """A call about this payment, where it is counted; named: the script that the call itself asks for."""
    payment.attempts = number = payment.attempts + 1
    return CallTarget(number, payment, ((named or payment.scenario, number),))


def about_many(
    world: World, scheme: AnyScheme, endpoint: str, payments: Iterable[Payment], named: Scenario | None
) -> CallTarget:
    """A call about each of these: each script once, with the number of the call within the first that follows it."""
    about = [about_one(payment, named).scripts[0] for payment in payments]
    if not about:
        return about_none(world, scheme, endpoint, named)
    once = {id(script): (script, number) for script, number in reversed(about)}
    return CallTarget(world.count(scheme.name, endpoint), None, tuple(reversed(once.values())))


def faults(world: World, scheme: AnyScheme, endpoint: str, about: CallTarget) -> list[FaultRule]:
    """The faults that strike the call, in the order of its scripts. Raises ScenarioError."""
    rules: list[FaultRule] = []
    for script, number in about.scripts:
        if script is None or script.faults:
            rules += world.player.faults(scheme.name, endpoint, number, script)
    return rules


def record(
    world: World,
    scheme: AnyScheme,
    call: Call,
    at_ms: int,
    endpoint: str,
    about: CallTarget,
    reply: Reply,
    fault: str | None,
) -> Reply:
    """Write the call down, and give its reply back; see journal.Entry for the order of the fields."""
    path, method, token, body, client, asked, headers, query = call
    number, payment, _ = about
    script, step, reference = None, None, None
    if world.keep is not None:
        world.keep(world, at_ms, scheme.name, call)
    if payment is not None:
        script, step, reference = payment.scenario, payment.step, payment.reference
    world.journal.record(
        (
            at_ms,
            scheme.name,
            endpoint,
            method,
            path if len(path) <= MAX_TEXT else path[:MAX_TEXT],
            query[:MAX_TEXT].decode("latin-1") if query else "",
            token,
            client,
            asked,
            reference,
            number,
            script.name if script is not None else world.playing,
            step,
            reply.status,
            reply.error_code,
            fault,
            reply.delay_ms,
            reply.content_type,
            headers,
            body,
            reply.body,
            world.wall_ms(),
            reply.headers,
        )
    )
    return reply
