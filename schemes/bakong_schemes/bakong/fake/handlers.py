"""What each endpoint of the Open API answers, once the call is let in and its body has the right form.

open_api lets calls in, with their token and within their limits, and plays the faults.
"""

from collections.abc import Callable
from typing import Any

from bakong_schemes.bakong.fake import relay, rows
from bakong_schemes.bakong.fake.replies import answer, refusal
from bakong_schemes.bakong.fake.state import BakongState
from bakong_schemes.bakong.fake.transactions import Receipt, Transaction
from bakong_schemes.bakong.wire import LIST_MESSAGES, Envelope, ListStatus, success
from bakong_schemes.bakong.wire import codes as code
from bakong_schemes.bakong.wire.endpoints import SOURCE_INFO, Field
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.wire.reply import Reply

Handler = Callable[[BakongState, Any], Reply]

_NOT_FOUND = refusal(code.NOT_FOUND)
_FAILED = refusal(code.FAILED)
_STATIC_QR = refusal(code.STATIC_QR)
_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


# Registration


def _request_token(state: BakongState, body: Any) -> Reply:
    if state.limits.mail_down:
        return refusal(code.EMAIL_SERVER_DOWN)
    if body["email"] in state.registrations.ids:
        return refusal(code.EMAIL_REGISTERED)
    state.registrations.request(body["email"])
    return answer(success(code.EMAIL_SENT))


def _verify(state: BakongState, body: Any) -> Reply:
    token = state.registrations.verify(body["code"], state.profile.issues_for)
    return refusal(code.UNAUTHORIZED) if token is None else answer(success(code.TOKEN_ISSUED, {"token": token}))


def _renew_token(state: BakongState, body: Any) -> Reply:
    if body["email"] not in state.registrations.ids:
        return refusal(code.NOT_REGISTERED)
    return answer(
        success(
            code.TOKEN_ISSUED, {"token": state.registrations.issue(body["email"], good_for=state.profile.issues_for)}
        )
    )


# Transactions


def check_md5(state: BakongState, payment: Payment) -> Reply:
    """The answer to the check of an md5, whose payment is known already."""
    state.world.player.on_poll(payment)
    at = payment.shown
    if at is None:
        return _NOT_FOUND
    kept = state.receipts[payment.reference]
    receipt, last = kept.rows[at], kept.last_answer
    if last is not None and last[0] is receipt and last[1] is state.profile:
        return last[2]
    if payment.is_static and state.profile.static_md5 != "latest":
        return _STATIC_QR if state.profile.static_md5 == "refused" else _NOT_FOUND
    if payment.is_static:
        return _untracked(state, kept.rows[-1])
    reply = _untracked(state, receipt)
    kept.last_answer = (receipt, state.profile, reply)
    return reply


def _check_hash(state: BakongState, body: Any) -> Reply:
    return _tracked(state, state.transactions.by_hash(body["hash"].lower()))


def _check_short_hash(state: BakongState, body: Any) -> Reply:
    transaction = state.transactions.by_short_hash(body["hash"].lower(), body["amount"], body["currency"])
    return _untracked(state, state.check_transaction(transaction))


def _check_instruction_ref(state: BakongState, body: Any) -> Reply:
    return _tracked(state, state.transactions.by_instruction_ref(body["instructionRef"]))


def _check_external_ref(state: BakongState, body: Any) -> Reply:
    return _tracked(state, state.transactions.by_external_ref(body["externalRef"]))


def _tracked(state: BakongState, transaction: Transaction | None) -> Reply:
    receipt = state.check_transaction(transaction)
    return _single(state, receipt, None if receipt is None else rows.tracked(receipt))


def _untracked(state: BakongState, receipt: Receipt | None) -> Reply:
    return _single(state, receipt, None if receipt is None else rows.untracked(receipt))


def _single(state: BakongState, receipt: Receipt | None, shown: dict[str, Any] | None) -> Reply:
    if receipt is None:
        return _NOT_FOUND
    return _FAILED if receipt.failed else answer(success(state.profile.found_message, shown))


def _check_md5_list(state: BakongState, body: Any) -> Reply:
    rows = [_row("md5", md5, *_md5_status(state, state.check(md5.lower()))) for md5 in body]
    return answer(success(code.LIST_ANSWERED, rows))


def _md5_status(state: BakongState, payment: Payment) -> tuple[ListStatus, Receipt | None]:
    if payment.is_static:
        return "STATIC_QR", None
    return _status(state.receipt(payment))


def _check_hash_list(state: BakongState, body: Any) -> Reply:
    receipts = [state.check_transaction(state.transactions.by_hash(hash_.lower())) for hash_ in body]
    rows = [_row("hash", hash_, *_status(receipt)) for hash_, receipt in zip(body, receipts, strict=True)]
    return answer(success(code.LIST_ANSWERED, rows))


def _status(receipt: Receipt | None) -> tuple[ListStatus, Receipt | None]:
    if receipt is None:
        return "NOT_FOUND", None
    return ("FAILED", None) if receipt.failed else ("SUCCESS", receipt)


def _row(key: str, asked: str, status: ListStatus, receipt: Receipt | None) -> dict[str, Any]:
    shown = None if receipt is None else rows.untracked(receipt)
    return {key: asked, "status": status, "message": LIST_MESSAGES[status], "data": shown}


# Deep links and accounts


def _deeplink(state: BakongState, body: Any) -> Reply:
    source = body.get("sourceInfo")
    if source == []:  # PHP's empty array, as one library's test against SIT sends it, and gets its link
        source = None
    if source is not None and not (isinstance(source, dict) and all(_names(source, field) for field in SOURCE_INFO)):
        return refusal(code.DEEPLINK_MISSING_FIELDS)
    try:
        state.register_code(body["qr"])
    except ScanError:
        return refusal(code.DEEPLINK_PROVIDER)
    number = int.from_bytes(state.world.rng.draw("deeplink"))
    word = "".join(_BASE62[number // 62**place % 62] for place in range(17))
    return answer(success(code.DEEPLINK_MADE, {"shortLink": f"https://{state.profile.deeplink_host}/{word}"}))


def _names(source: dict[str, Any], field: Field) -> bool:
    value = source.get(field.name)
    return isinstance(value, str) and field.min_length <= len(value) <= field.max_length


def _check_account(state: BakongState, body: Any) -> Reply:
    account = body["accountId"]
    if len(account) > 32 or account.count("@") != 1 or account.startswith("@") or account.endswith("@"):
        return refusal(code.ACCOUNT_INVALID)
    if not state.world.ledger.holds(account):
        return refusal(code.ACCOUNT_NOT_FOUND)
    return _ACCOUNT_EXISTS if state.profile.account_status == "absent" else _ACCOUNT_STATUS


_EXISTS: Envelope = success(code.ACCOUNT_EXISTS)
_ACCOUNT_EXISTS = answer(_EXISTS)
_ACCOUNT_STATUS = answer(success(code.ACCOUNT_EXISTS, {"accountStatus": "ACTIVE"}))  # our guess of its name and words

HANDLERS: dict[str, Handler] = {  # all but check_md5, which needs no body
    "request_token": _request_token,
    "verify": _verify,
    "renew_token": _renew_token,
    "generate_deeplink_by_qr": _deeplink,
    "check_transaction_by_hash": _check_hash,
    "check_transaction_by_short_hash": _check_short_hash,
    "check_transaction_by_instruction_ref": _check_instruction_ref,
    "check_transaction_by_external_ref": _check_external_ref,
    "check_transaction_by_md5_list": _check_md5_list,
    "check_transaction_by_hash_list": _check_hash_list,
    "check_bakong_account": _check_account,
    relay.GENERATE_QR.name: relay.generate_qr,
}
