"""The API's objects, with their keys in the order that was seen on the wire."""

from functools import lru_cache
from typing import NamedTuple

import orjson

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake.records import Agreement, BkashState, Json, PaymentRow, Refund
from bakong_schemes.bkash.fake.standing import Standing, refundable, standing
from bakong_simulator.kernel.world import World

ORGANIZATION, SHORT_CODE = "Sandbox Shop", "50001"
PAYMENT_TYPE, REFUND_TYPE = "bKash Tokenized Checkout via API", "Refund"
DONE: Json = {"statusCode": wire.SUCCESS, "statusMessage": wire.SUCCESSFUL}
CHECKOUT_OFFSET = "+0000"


def amount_of(row: PaymentRow, now: Standing) -> str:
    """As it was sent, unless a script let another amount come."""
    return row.amount if now.minor == row.minor else wire.two_decimals(now.minor)


def rest_of(row: PaymentRow, now: Standing) -> str:
    rest = refundable(now, row)
    return row.amount if rest == row.minor else wire.two_decimals(rest)


def callbacks(row: PaymentRow) -> Json:
    return {
        "callbackURL": row.callback,
        "successCallbackURL": callback(row, "success"),
        "failureCallbackURL": callback(row, "failure"),
        "cancelledCallbackURL": callback(row, "cancel"),
    }


def callback(row: PaymentRow, status: str) -> str:
    """Where the browser goes afterwards."""
    mark = "&" if "?" in row.callback else "?"
    return f"{row.callback}{mark}paymentID={row.id}&status={status}&signature={row.signature}"


def page_of(row: PaymentRow, base: str) -> str:
    """Where the customer approves."""
    root = f"{base}/pay" if base else f"https://{wire.PAGE_HOST}/"
    mode = row.mode or wire.MODES["without"]
    return f"{root}?paymentId={row.id}&hash={row.hash}&mode={mode}&apiVersion={wire.VERSION}/"


# Tokenized


def created(row: PaymentRow, page: str | None) -> Json:
    shown = {"paymentID": row.id, **({} if page is None else {"bkashURL": page}), **callbacks(row)}
    if row.is_agreement:
        shown |= {
            "payerReference": row.payer_reference,
            "agreementStatus": wire.INITIATED,
            "agreementCreateTime": wire.time_of(row.created_ms),
        }
        return shown | DONE
    shown |= {
        "amount": row.amount,
        "intent": row.intent,
        "currency": wire.CURRENCY,
        "paymentCreateTime": wire.time_of(row.created_ms),
        "transactionStatus": wire.INITIATED,
        "merchantInvoiceNumber": row.invoice,
        **({"agreementID": row.agreement} if row.agreement else {}),
        "payerReference": row.payer_reference,
    }
    return shown | DONE


def executed(row: PaymentRow, now: Standing) -> Json:
    return {
        "paymentID": row.id,
        "trxID": row.trx,
        "transactionStatus": now.status,
        "amount": amount_of(row, now),
        "currency": wire.CURRENCY,
        "intent": row.intent,
        "paymentExecuteTime": wire.time_of(row.executed_ms),
        "merchantInvoiceNumber": row.invoice,
        "payerType": "Customer",
        "payerReference": row.payer_reference,
        "customerMsisdn": row.wallet,
        "payerAccount": row.wallet,
        "maxRefundableAmount": rest_of(row, now),
        **({"agreementID": row.agreement} if row.agreement else {}),
        **DONE,
    }


def queried(row: PaymentRow, now: Standing) -> Json:
    answer: Json = orjson.loads(queried_body(row, now))
    return answer


def queried_body(row: PaymentRow, now: Standing) -> bytes:
    """What a query shows, as it is sent: it is what shops poll with."""
    is_paid = now.at is not None
    paid = (row.executed_ms, row.trx, row.wallet, rest_of(row, now)) if is_paid else None
    return _queried(
        _Shown(
            *(row.id, row.mode or wire.MODES["without"], row.created_ms, amount_of(row, now), row.intent),
            *(row.invoice, row.payer_reference, row.agreement, now.status),
            "Complete" if now.approved else "Incomplete",
            paid,
        )
    )


class _Shown(NamedTuple):
    """What the answer to a query depends on. paid: when, the trxID, the wallet, what can go back; None: it is not."""

    id: str
    mode: str
    created_ms: int
    amount: str
    intent: str
    invoice: str
    reference: str
    agreement: str
    status: str
    verified: str
    paid: tuple[int, str, str, str] | None


@lru_cache(maxsize=4096)
def _queried(of: _Shown) -> bytes:
    paid = of.paid
    executed_ms, trx, wallet, rest = paid or (0, "", "", "")
    return orjson.dumps(
        {
            "paymentID": of.id,
            "mode": of.mode,
            "paymentCreateTime": wire.time_of(of.created_ms),
            **({"paymentExecuteTime": wire.time_of(executed_ms)} if paid else {}),
            "amount": of.amount,
            "currency": wire.CURRENCY,
            "intent": of.intent,
            "merchantInvoice": of.invoice,
            **({"trxID": trx} if paid else {}),
            "transactionStatus": of.status,
            "verificationStatus": of.verified,
            **DONE,
            "payerReference": of.reference,
            **({"agreementID": of.agreement} if of.agreement else {}),
            "merchantInvoiceNumber": of.invoice,
            "userVerificationStatus": of.verified,
            **(
                {"customerMsisdn": wallet, "payerType": "Customer", "payerAccount": wallet, "maxRefundableAmount": rest}
                if paid
                else {}
            ),
        }
    )


def refunded(row: PaymentRow, refund: Refund, *, with_status: bool) -> Json:
    return {
        "completedTime": wire.time_of(refund.at_ms),
        "transactionStatus": wire.COMPLETED,
        "originalTrxID": row.trx,
        "refundTrxID": refund.trx,
        "amount": wire.two_decimals(refund.minor),
        "currency": wire.CURRENCY,
        "charge": wire.two_decimals(refund.charge),
        **(DONE if with_status else {}),
    }


def decided(row: PaymentRow, now: Standing, *, with_status: bool) -> Json:
    """An authorized payment that was captured or voided."""
    offset = "+0600" if with_status else CHECKOUT_OFFSET
    return {
        "paymentID": row.id,
        "paymentId": row.id,
        "createTime": wire.time_of(row.created_ms, offset),
        "updateTime": wire.time_of(row.decided_ms, offset),
        "trxID": row.trx,
        "transactionStatus": now.status,
        **(DONE if with_status else {}),
    }


def transaction(world: World, state: BkashState, row: PaymentRow, trx: str, *, with_status: bool) -> Json:
    """What searchTransaction shows of a payment's, or a refund's, transaction."""
    offset = "+0600" if with_status else CHECKOUT_OFFSET
    status = DONE if with_status else {}
    now = standing(world, state, row)
    refund = next((one for one in row.refunds if one.trx == trx), None)
    at_ms = row.executed_ms if refund is None else refund.at_ms
    head = {"trxID": trx, "initiationTime": wire.time_of(at_ms, offset), "completedTime": wire.time_of(at_ms, offset)}
    if refund is not None:
        return {
            **head,
            "transactionType": REFUND_TYPE,
            "customerMsisdn": row.wallet,
            "transactionStatus": wire.COMPLETED,
            "amount": wire.two_decimals(refund.minor),
            "currency": wire.CURRENCY,
            "organizationShortCode": SHORT_CODE,
            **status,
            "payerAccount": row.wallet,
            "originalTrxAmount": amount_of(row, now),
        }
    return {
        **head,
        "transactionType": PAYMENT_TYPE,
        "customerMsisdn": row.wallet,
        "transactionStatus": now.status if now.at is not None else wire.COMPLETED,
        "amount": amount_of(row, now),
        "currency": wire.CURRENCY,
        "organizationShortCode": SHORT_CODE,
        **status,
        "payerAccount": row.wallet,
        "payerType": "Customer",
        "serviceFee": "0.00",
        "creditedAmount": amount_of(row, now),
        "maxRefundableAmount": rest_of(row, now),
    }


# Agreements


def agreement_executed(agreement: Agreement) -> Json:
    return {
        "paymentID": agreement.payment,
        "agreementID": agreement.id,
        "payerReference": agreement.payer_reference,
        "customerMsisdn": agreement.wallet,
        "agreementExecuteTime": wire.time_of(agreement.executed_ms),
        "agreementStatus": wire.COMPLETED,
        **DONE,
    }


def agreement_shown(agreement: Agreement) -> Json:
    """What agreement/status shows."""
    voided = {"agreementVoidTime": wire.time_of(agreement.voided_ms)} if agreement.voided_ms else {}
    return {
        "paymentID": agreement.payment,
        "agreementID": agreement.id,
        "payerReference": agreement.payer_reference,
        "customerMsisdn": agreement.wallet,
        "agreementCreateTime": wire.time_of(agreement.created_ms),
        "agreementExecuteTime": wire.time_of(agreement.executed_ms),
        **voided,
        "agreementStatus": wire.CANCELLED if agreement.voided_ms else wire.COMPLETED,
        **DONE,
    }


def agreement_cancelled(agreement: Agreement) -> Json:
    return {
        "paymentID": agreement.payment,
        "agreementID": agreement.id,
        "payerReference": agreement.payer_reference,
        "agreementVoidTime": wire.time_of(agreement.voided_ms),
        "agreementStatus": wire.CANCELLED,
        **DONE,
    }


def agreement_queried(row: PaymentRow, agreement: Agreement | None) -> Json:
    """What payment/status shows of the request for an agreement."""
    verified = "Complete" if row.outcome == "success" else "Incomplete"
    shown = {
        "paymentID": row.id,
        "mode": row.mode,
        "agreementCreateTime": wire.time_of(row.created_ms),
        "payerReference": row.payer_reference,
        "verificationStatus": verified,
        "agreementStatus": wire.INITIATED,
    }
    if agreement is not None:
        shown |= {
            "agreementID": agreement.id,
            "agreementExecuteTime": wire.time_of(agreement.executed_ms),
            "payerAccount": agreement.wallet,
            "payerType": "Customer",
            "agreementStatus": wire.CANCELLED if agreement.voided_ms else wire.COMPLETED,
        }
    return shown | DONE


# Checkout


def checkout_created(row: PaymentRow, logo: str) -> Json:
    return {
        "paymentID": row.id,
        "createTime": wire.time_of(row.created_ms, CHECKOUT_OFFSET),
        "orgLogo": logo,
        "orgName": ORGANIZATION,
        "transactionStatus": wire.INITIATED,
        "amount": row.amount,
        "currency": wire.CURRENCY,
        "intent": row.intent,
        "merchantInvoiceNumber": row.invoice,
    }


def checkout_executed(row: PaymentRow, now: Standing, amount: str) -> Json:
    is_paid = now.at is not None
    return {
        "paymentID": row.id,
        "createTime": wire.time_of(row.created_ms, CHECKOUT_OFFSET),
        "updateTime": wire.time_of(row.updated_ms, CHECKOUT_OFFSET),
        **({"trxID": row.trx} if is_paid else {}),
        "transactionStatus": now.status,
        "amount": amount,
        "currency": wire.CURRENCY,
        "intent": row.intent,
        "merchantInvoiceNumber": row.invoice,
    }


def checkout_queried(row: PaymentRow, now: Standing) -> Json:
    back = wire.two_decimals(row.refunded) if row.refunds else "0"
    return checkout_executed(row, now, wire.two_decimals(now.minor)) | {"refundAmount": back}


# v2


def v2_created(row: PaymentRow, page: str | None) -> Json:
    shown = created(row, page)
    shown["paymentId"] = shown.pop("paymentID")
    return {name: value for name, value in shown.items() if name not in DONE} | {"signature": row.signature}


def v2_payment(row: PaymentRow, now: Standing) -> Json:
    is_paid = now.at is not None
    return {
        "paymentId": row.id,
        **({"trxId": row.trx} if is_paid else {}),
        "transactionStatus": now.status,
        "amount": amount_of(row, now),
        "currency": wire.CURRENCY,
        **({"payerAccount": row.wallet} if is_paid else {}),
    }


def v2_queried(row: PaymentRow, now: Standing) -> Json:
    verified = "Complete" if now.approved else "Incomplete"
    return v2_payment(row, now) | {"merchantInvoiceNumber": row.invoice, "verificationStatus": verified}


def v2_refunded(row: PaymentRow, now: Standing, refund: Refund) -> Json:
    return {
        "originalTrxId": row.trx,
        "refundTrxId": refund.trx,
        "refundTransactionStatus": wire.COMPLETED,
        "originalTrxAmount": wire.two_decimals(now.minor),
        "refundAmount": wire.two_decimals(refund.minor),
        "currency": wire.CURRENCY,
        "completedTime": wire.bare_time(refund.at_ms),
        "sku": refund.sku,
        "reason": refund.reason,
        **_charge(refund),
    }


def _charge(refund: Refund) -> Json:
    """That v2 tells it is a guess; where there is none, it is not there, as in what was captured."""
    return {"charge": wire.two_decimals(refund.charge)} if refund.charge else {}


def v2_refunds(row: PaymentRow, now: Standing) -> Json:
    """Oldest first."""
    rows = [
        {
            "refundTrxId": refund.trx,
            "refundTransactionStatus": wire.COMPLETED,
            "refundAmount": wire.two_decimals(refund.minor),
            "completedTime": wire.bare_time(refund.at_ms),
            **_charge(refund),
        }
        for refund in row.refunds
    ]
    return {
        "originalTrxId": row.trx,
        "originalTrxAmount": wire.two_decimals(now.minor),
        "originalTrxCompletedTime": wire.bare_time(row.executed_ms),
        "refundTransactions": rows,
    }
