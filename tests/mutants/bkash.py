"""A bKash with bugs that BUGS switches on: the stand-in, whose answers are spoilt, or whose checks are left out."""

import base64
import json

from bakong_conformance.stand_ins import bkash_words
from bakong_conformance.stand_ins.bkash import BkashStandIn
from bakong_conformance.stand_ins.bkash_words import RefusedError
from bakong_conformance.stand_ins.money import poisha, taka
from bakong_conformance.stand_ins.wire import NoAnswerError, json_reply

# (bug, operation, what becomes of the answer)
RENAMED = {
    "url-named-otherwise": ("create", "bkashURL", "bkashUrl"),
    "trx-named-otherwise": ("execute", "trxID", "trxId"),
    "query-invoice-name": ("query", "merchantInvoice", "invoice"),
    "v2-names-of-v1": ("refund", "refundTrxId", "refundTrxID"),
    "search-without-type": ("search", "transactionType", "type"),
    "agreement-id-lost": ("execute", "agreementID", "agreement"),
    "create-agreement-lost": ("create", "agreementID", "agreement"),
}
# of mistakes(): which check is left out
UNCHECKED = {
    "currency-any": "2007",
    "intent-any": "2008",
    "callback-any": "2049",
    "reference-any": "2048",
    "invoice-any": "2031",
    "amount-any": "2006",
    "agreement-of-the-past": "2053",
}


class WrongBkash(BkashStandIn):
    def __init__(self, *args, bugs=(), **how):
        super().__init__(*args, **how)
        self.bugs = set(bugs)

    def has(self, *bugs):
        return any(bug in self.bugs for bug in bugs)

    # What is said

    def said(self, family, operation, answer):
        for bug in self.bugs & set(RENAMED):
            where, old, new = RENAMED[bug]
            if where == operation and old in answer:
                answer[new] = answer.pop(old)
        spoil = getattr(self, f"_spoil_{operation}", None)
        return spoil(family, answer) if spoil else answer

    def _spoil_create(self, family, answer):
        if self.has("checkout-has-url") and family == "checkout":
            answer |= {"bkashURL": "https://bkash.test/x", "statusCode": "0000"}
        if self.has("checkout-time-of-dhaka") and family == "checkout":
            answer["createTime"] = answer["createTime"].replace("+0000", "+0600")
        if family == "checkout":
            return answer
        if self.has("amount-two-decimals") and "amount" in answer:
            answer["amount"] = taka(poisha(answer["amount"]))
        if self.has("time-iso") and "paymentCreateTime" in answer:
            answer["paymentCreateTime"] = answer["paymentCreateTime"][:19] + "Z"
        if self.has("signature-each"):
            answer["failureCallbackURL"] = answer["failureCallbackURL"][:-10] + "ABCDEFGHIJ"
        if self.has("callback-query-lost"):
            for name in ("success", "failure", "cancelled"):
                head, _, tail = answer[f"{name}CallbackURL"].rpartition("paymentID=")
                answer[f"{name}CallbackURL"] = f"{head.partition('?')[0]}?paymentID={tail}"
        if self.has("created-pending") and "transactionStatus" in answer:
            answer["transactionStatus"] = "Pending"
        return answer

    def _spoil_execute(self, family, answer):
        if self.has("agreement-id-form") and "agreementExecuteTime" in answer:
            answer["agreementID"] = "AG1"
        if self.has("max-refundable-lost"):
            answer.pop("maxRefundableAmount", None)
        if self.has("checkout-executed-with-code") and family == "checkout":
            answer.pop("updateTime")
        return answer

    def _spoil_query(self, family, answer):
        if self.has("checkout-query-as-sent") and family == "checkout":
            answer["refundAmount"] = "0.00" if answer["refundAmount"] == "0" else answer["refundAmount"]
        if self.has("verified-from-the-start") and "verificationStatus" in answer:
            answer["verificationStatus"] = "Complete"
        if self.has("completed-before-execute") and answer.get("verificationStatus") == "Complete":
            answer["transactionStatus"] = "Completed"
        if self.has("trx-null-before-execute"):
            answer.setdefault("trxID", None)
        if self.has("rest-never-falls") and "maxRefundableAmount" in answer:
            answer["maxRefundableAmount"] = answer["amount"]
        return answer

    def _spoil_refund(self, family, answer):
        if family == "v2":
            return answer | ({"statusCode": "0000"} if self.has("v2-with-code") else {})
        if self.has("refund-amount-as-sent"):
            answer["amount"] = answer["amount"].rstrip("0").rstrip(".")
        if self.has("refund-trx-is-the-payments"):
            answer["refundTrxID"] = answer["originalTrxID"]
        if self.has("refund-charge-lost"):
            answer.pop("charge")
        if self.has("checkout-refund-with-code") and family == "checkout":
            answer["statusCode"] = "0000"
        return answer

    def _spoil_refund_status(self, family, answer):
        if self.has("v2-newest-first") and family == "v2":
            answer["refundTransactions"].reverse()
        if self.has("v2-time-with-offset") and family == "v2":
            for row in answer["refundTransactions"]:
                row["completedTime"] += " GMT+0600"
        return answer

    def _spoil_search(self, _family, answer):
        if self.has("search-without-decimals"):
            answer["amount"] = answer["amount"].rstrip("0")
        return answer

    def refusal(self, family, operation, code):
        body, status = super().refusal(family, operation, code)
        if self.has("errors-400") and family == "tokenized":
            status = 400
        if self.has("v2-errors-200") and family == "v2":
            status = 200
        if self.has("checkout-errors-with-status-code") and family == "checkout":
            body = {"statusCode": code, "statusMessage": "x"}
        if self.has("unknown-is-2056") and code == "2002":
            body["statusCode"] = "2056"
        if self.has("poor-is-2003") and code == "2023":
            body["statusCode"] = "2003"
        return body, status

    def serve(self, call):
        if self.has("bearer-refused") and call.headers.get("authorization", "").startswith("Bearer "):
            return json_reply({"message": "Unauthorized"}, 401)
        if self.has("bearer-needed") and call.headers.get("authorization", "").startswith("ey"):
            return json_reply({"message": "Unauthorized"}, 401)
        try:
            reply = super().serve(call)
        except NoAnswerError:
            raise
        except Exception as error:  # noqa: BLE001  a server that fails says 500
            return json_reply({"message": repr(error)}, 500)
        if self.has("text-html") and reply.content.startswith(b"{"):
            reply = reply._replace(headers={"content-type": "text/html"})
        if self.has("unknown-path-500") and reply.status == 403 and b"Authentication Token" in reply.content:
            return reply._replace(status=500)
        if self.has("alias-missing") and call.path.endswith("payment/create") and "tokenized" in call.path:
            return json_reply({"message": "Missing"}, 403)
        if self.has("unauthorized-in-own-envelope") and reply.status == 401:
            return json_reply({"statusCode": "2079", "statusMessage": "Invalid token"})
        return reply

    # Tokens

    def _token(self, family, operation, call):
        if self.has("credentials-any"):
            call.headers["password"] = self.credentials["password"]
        if self.has("refresh-any") and operation == "refresh":
            self.refresh_tokens.add(json.loads(call.body)["refresh_token"])
        answer = super()._token(family, operation, call)
        if self.has("expires-as-text"):
            answer["expires_in"] = str(answer["expires_in"])
        if self.has("token-opaque"):
            self.tokens["f" * 40] = self.tokens[answer["id_token"]]
            answer["id_token"] = "f" * 40
        if self.has("token-two-hours"):
            head, part, end = answer["id_token"].split(".")
            claims = json.loads(base64.urlsafe_b64decode(part + "=="))
            claims["exp"] += 3600
            part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
            self.tokens[f"{head}.{part}.{end}"] = self.tokens[answer["id_token"]]
            answer["id_token"] = f"{head}.{part}.{end}"
        if self.has("refresh-opaque"):
            self.refresh_tokens.add("r" * 30)
            answer["refresh_token"] = "r" * 30
        if self.has("refresh-is-dead") and operation == "refresh":
            del self.tokens[answer["id_token"]]
        if self.has("checkout-expires-as-text") and family == "checkout":
            answer["expires_in"] = "3600"
        return answer

    def _gate(self, call):
        given = call.headers.get("authorization", "")
        if self.has("token-prefix") and not any(given == one for one in self.tokens):
            mine = next((one for one in self.tokens if one[:60] == given[:60] and given), None)
            call.headers["authorization"] = mine or given
        if self.has("token-for-ever"):
            self.tokens = dict.fromkeys(self.tokens, 10**15)
        if self.has("app-key-any"):
            call.headers["x-app-key"] = self.credentials["appKey"]
        return super()._gate(call)

    # Payments

    def mistakes(self, family, body):
        wrong = super().mistakes(family, body)
        for bug in self.bugs & set(UNCHECKED):
            wrong[UNCHECKED[bug]] = False
        if self.has("amount-numbers-refused") and not isinstance(body.get("amount"), str):
            wrong["2006"] = True
        if self.has("invoice-paid-twice"):
            wrong["2029"] = False
        if self.has("invoice-once-ever"):
            tried = {one.given.get("merchantInvoiceNumber") for one in self.payments.values()}
            wrong["2029"] = body.get("merchantInvoiceNumber") in tried
        return wrong

    def check_create(self, family, body):
        if self.has("empty-fields-refused") and "" in body.values():
            raise RefusedError("2065")
        if self.has("missing-guessed"):
            body.setdefault("currency", "BDT")
        super().check_create(family, body)

    def _payment_id(self, family, mode):
        made = super()._payment_id(family, mode)
        if self.has("id-in-seconds"):
            return made[:-3]
        if self.has("checkout-id-as-tokenized") and family == "checkout":
            return f"TR0011{made}"
        return made

    def trx_id(self):
        made = super().trx_id()
        if self.has("trx-of-utc-month"):
            return made[0] + "L" + made[2:] if made[1] != "L" else made[0] + "A" + made[2:]
        return made.lower() if self.has("trx-lower") else made

    def check_executable(self, payment):
        if self.has("execute-unapproved") and not payment.page:
            payment.page = "success"
        if self.has("execute-cancelled") and payment.page == "cancel":
            payment.page = "success"
        if self.has("execute-again"):
            payment.trx = ""
        super().check_executable(payment)

    def op_execute(self, family, body):
        payment = self.payments.get(body.get("paymentID"))
        if payment and self.has("poor-pays") and payment.wallet == bkash_words.WALLETS["poor"][0]:
            payment.wallet = bkash_words.WALLETS["ok"][0]
        if payment and self.has("hang-moves-nothing") and payment.script.execute == "hang":
            raise NoAnswerError
        return super().op_execute(family, body)

    def payment(self, payment_id, *, trx=None):
        if self.has("ids-for-ever") and payment_id in self.payments:
            return self.payments[payment_id]
        loose = self.has("refund-any-trx", "refund-of-approved")
        return super().payment(payment_id, trx=None if loose else trx)

    # The customer

    def customer(self, payment, form):
        if self.has("page-twice"):
            payment.page = ""
        return super().customer(payment, form)

    def callback(self, payment, status):
        if self.has("cancel-says-success") and payment.page == "cancel":
            status = "success"
        url = super().callback(payment, status)
        return url.partition("&signature")[0] if self.has("callback-unsigned") and payment.page else url

    # Refunds

    def check_refund(self, payment, amount, body, family):
        sku = {"sku": "x"} if self.has("refund-without-sku") else {}
        body |= sku | ({"reason": "x"} if self.has("refund-without-reason") else {})
        if self.has("refund-of-unpaid") or (self.has("refund-of-approved") and not payment.trx):
            payment.status, payment.executed_ms = "Completed", self.now_ms()
        if self.has("refund-over") and (poisha(amount) or 0) > payment.minor:
            amount = "0.01"
        if self.has("refund-parts-unsummed"):
            kept, payment.refunds = payment.refunds, []
            try:
                super().check_refund(payment, amount, body, family)
            finally:
                payment.refunds = kept
            return
        if self.has("refund-once") and payment.refunds:
            raise RefusedError("2034")
        if self.has("refund-zero") and amount == "0":
            return
        if self.has("refund-ever") and len(payment.refunds) >= 10:
            return
        if self.has("refund-at-any-age"):
            payment.executed_ms = self.now_ms()
        super().check_refund(payment, amount, body, family)

    def op_refund_status(self, family, body):
        if self.has("status-refunds") and family != "v2":
            return self.op_refund(family, body | {"amount": "1.00", "sku": "s", "reason": "r"})
        if self.has("status-empty") and not self.payments[body["paymentID" if family != "v2" else "paymentId"]].refunds:
            return {"statusCode": "0000", "statusMessage": "Successful"}
        return super().op_refund_status(family, body)

    def op_search(self, family, body):
        if self.has("search-without-refunds"):
            mine = [one for one in self.payments.values() if one.trx == body["trxID"]]
            if not mine:
                raise RefusedError("2033")
        if self.has("search-anything") and not any(
            body["trxID"] in (one.trx, *(refund.trx for refund in one.refunds)) for one in self.payments.values()
        ):
            return super().op_search(family, {"trxID": next(one.trx for one in self.payments.values() if one.trx)})
        return super().op_search(family, body)

    def _decide(self, family, body, status):
        payment = self.payments.get(body.get("paymentID"))
        if payment and self.has("capture-again") and payment.status == "Completed":
            payment.status = "Authorized"
        if payment and self.has("capture-after-void") and payment.status == "Cancelled":
            payment.status = "Authorized"
        return super()._decide(family, body, status)

    def capture_money(self, payment):
        super().capture_money(payment)
        if self.has("authorization-is-sale"):
            payment.status = "Completed"
