"""A Nagad with bugs that BUGS switches on: the stand-in, whose answers are spoilt, or whose checks are left out."""

import base64
import json

from bakong_conformance.stand_ins import keys
from bakong_conformance.stand_ins import nagad_words as words
from bakong_conformance.stand_ins.money import poisha, taka
from bakong_conformance.stand_ins.nagad import NagadStandIn
from bakong_conformance.stand_ins.nagad_words import RefusedError
from bakong_conformance.stand_ins.sealing import opened, seal
from bakong_conformance.stand_ins.wire import json_reply


class WrongNagad(NagadStandIn):
    def __init__(self, *args, bugs=(), **how):
        super().__init__(*args, **how)
        self.bugs = set(bugs)
        if "refund-status-success" in self.bugs:
            self.refund_status = "success"

    def has(self, *bugs):
        return any(bug in self.bugs for bug in bugs)

    # Answers

    def refusal(self, refused):
        reply = super().refusal(refused)
        if self.has("errors-200"):
            return reply._replace(status=200)
        if self.has("errors-without-reason"):
            return json_reply({"error": refused.reason, "message": words.MESSAGE}, 400)
        return reply

    def serve(self, call):
        try:
            return super().serve(call)
        except Exception as error:  # noqa: BLE001  a server that fails says 500
            return json_reply({"reason": "ServerError", "message": repr(error)}, 500)

    def body_of(self, call):
        if self.has("garbage-500"):
            return json.loads(call.body)
        return super().body_of(call)

    def sealed(self, value):
        if self.has("initialize-plain"):
            return json_reply(value)
        if self.has("refund-plain") and "cancelTrxId" in value:
            return json_reply(value)
        if self.has("refund-always-whole") and "cancelTrxId" in value:
            value["status"] = "Cancelled"
        if self.has("refund-always-part") and "cancelTrxId" in value:
            value["status"] = "PartialCancelled"
        if self.has("refund-number-lost") and "cancelTrxId" in value:
            value.pop("cancelTrxId")
        if self.has("sealed-by-the-wrong-key"):
            made = seal(value, to=keys.MERCHANT_PUBLIC, by=keys.MERCHANT_PRIVATE)
            return json_reply({"sensitiveData": made.data, "signature": made.signature})
        if self.has("challenge-echoed") and "challenge" in value:
            value["challenge"] = f"c{base64.b64decode(value['paymentReferenceId']).decode().split('.')[2]}"
            self.payments[value["paymentReferenceId"]].challenge = value["challenge"]
        return super().sealed(value)

    # Seals

    def opened(self, body, name="sensitiveData"):
        unsigned = ("signature-unchecked", "complete-unsigned", "refund-unsigned")
        which = {"sensitiveData": unsigned[:2], "sensitiveDataCancelRequest": unsigned[2:]}[name]
        if "merchantCallbackURL" not in body and name == "sensitiveData":
            which = which[:1]
        if self.has("plaintext-taken"):
            try:
                return json.loads(base64.b64decode(body.get(name)))
            except ValueError:
                pass
        if self.has("signature-of-canonical-json"):
            plain = self._opened_loosely(body, name)
            text = json.dumps(plain, separators=(",", ":")).encode()
            made = seal({}, to=keys.NAGAD_PUBLIC, by=keys.MERCHANT_PRIVATE, text=text)
            if made.signature != body.get("signature"):
                raise RefusedError("SignatureVerificationFailed")
            return plain
        if self.has(*which):
            return self._opened_loosely(body, name)
        return super().opened(body, name)

    def _opened_loosely(self, body, name):
        """Without a look at the signature."""
        try:
            again = seal({}, to=keys.NAGAD_PUBLIC, by=keys.MERCHANT_PRIVATE, text=self._decrypted(body.get(name)))
        except ValueError:
            return super().opened(body, name)
        plain = opened(again.data, again.signature, mine=keys.NAGAD_PRIVATE, theirs=keys.MERCHANT_PUBLIC)
        try:
            return json.loads(plain)
        except ValueError:
            return super().opened(body, name)

    def _decrypted(self, data):
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        from bakong_conformance.stand_ins.sealing import private_key

        return private_key(keys.NAGAD_PRIVATE).decrypt(base64.b64decode(data), PKCS1v15())

    # Checks

    def check_merchant(self, plain, merchant=words.MERCHANT_ID):
        if not self.has("merchant-unchecked"):
            super().check_merchant(plain, merchant)

    def check_time(self, plain):
        if not self.has("datetime-any"):
            super().check_time(plain)

    def check_headers(self, call):
        if not self.has("headers-unneeded"):
            super().check_headers(call)

    def initialize(self, call, merchant, order):
        if self.has("order-of-the-path"):
            plain, known = self.opened(self.body_of(call)), self.opened
            self.opened = lambda *_args: plain | {"orderId": order}
            try:
                return super().initialize(call, merchant, order)
            finally:
                self.opened = known
        if self.has("order-begun-twice"):
            for payment in self.payments.values():
                payment.completed_ms = payment.completed_ms if payment.order != order else 0
        reply = super().initialize(call, merchant, order)
        if self.has("reference-opaque"):
            reference, payment = list(self.payments.items())[-1]
            del self.payments[reference]
            payment.reference = f"{len(self.payments):040x}"
            self.payments[payment.reference] = payment
            answer = {"paymentReferenceId": payment.reference, "challenge": payment.challenge}
            return self.sealed(answer | {"acceptDateTime": "20260101000000"})
        return reply

    def check_completion(self, payment, plain):
        if self.has("challenge-unchecked"):
            plain = plain | {"challenge": payment.challenge}
        if self.has("currency-any"):
            plain = plain | {"currencyCode": "050"}
        if self.has("complete-any-order"):
            plain = plain | {"orderId": payment.order}
        if self.has("amounts-any"):
            plain = plain | {"amount": "1.00"}
        if self.has("amount-numbers-refused") and not isinstance(plain.get("amount"), str):
            raise RefusedError("InvalidPurchaseInformation")
        super().check_completion(payment, plain)

    def completed(self, payment):
        if self.has("complete-sealed"):
            return self.sealed({"callBackUrl": f"{self.origin}/nagad/check-out/{payment.reference}"})
        if self.has("callback-url-named-otherwise"):
            return json_reply(
                {"callbackUrl": f"{self.origin}/nagad/check-out/{payment.reference}", "status": "Success"}
            )
        if self.has("page-missing"):
            return json_reply({"callBackUrl": f"{self.origin}/nowhere/{payment.reference}", "status": "Success"})
        if self.has("complete-pays"):
            payment.paid_ms, payment.issuer = self.now_ms(), "00000000"
        return super().completed(payment)

    def payment(self, reference):
        if self.has("unknown-500"):
            return self.payments[reference]
        return super().payment(reference)

    # Verify

    def verify(self, call, reference):
        reply = super().verify(call, reference)
        body, payment = json.loads(reply.content), self.payments[reference]
        if self.has("amount-two-decimals") and body["amount"]:
            body["amount"] = taka(poisha(body["amount"]) or 0)
        if self.has("amount-less-refunds") and payment.refunds:
            body["amount"] = taka(payment.minor - payment.returned)
        if self.has("number-unmasked"):
            body["clientMobileNo"] = payment.wallet
        if self.has("times-iso") and body["issuerPaymentDateTime"]:
            body["issuerPaymentDateTime"] = body["issuerPaymentDateTime"].replace(" ", "T")
        if self.has("info-object"):
            body["additionalMerchantInfo"] = payment.info
        if self.has("cancel-keys-missing") and body["cancelIssuerRefNo"] is None:
            del body["cancelIssuerRefNo"]
        if self.has("no-trace"):
            body["cancelIssuerRefNo"] = None
        if self.has("first-trace") and payment.refunds:
            body["cancelIssuerRefNo"] = payment.refunds[0].trx
        if self.has("code-000-always"):
            body["statusCode"] = "000"
        if self.has("ready-is-success") and body["status"] == "Ready":
            body["status"] = "Success"
        if self.has("failed-is-success") and body["status"] == "Failed":
            body |= {"status": "Success"}
        if self.has("aborted-is-success") and body["status"] == "Aborted":
            body |= {"status": "Success"}
        if self.has("in-progress-is-success") and body["status"] == "InProgress":
            body["status"] = "Success"
        if self.has("verify-counts"):
            payment.struck.add(f"v{len(payment.struck)}")
            body["statusCode"] = "000" if len(payment.struck) < 3 else f"{len(payment.struck):03d}"
        return json_reply(body)

    # The customer

    def customer(self, payment, form):
        if self.has("page-twice") and not payment.paid_ms:
            payment.status = "Ready"
        return super().customer(payment, form)

    def returned_to(self, payment, page):
        url = super().returned_to(payment, "Success" if self.has("cancel-comes-back-success") else page)
        if self.has("reference-quoted"):
            url = url.replace(payment.reference, base64.b64encode(payment.reference.encode()).decode())
        if self.has("status-code-000"):
            url = url.replace("00_0000_000", "000")
        if self.has("issuer-first"):
            head, _, tail = url.partition("?")
            url = f"{head}?{'&'.join(reversed(tail.split('&')))}"
        if self.has("callback-query-lost"):
            url = f"{payment.callback.partition('?')[0]}?{url.partition('merchant=')[1]}{url.partition('merchant=')[2]}"
        return url

    # Refunds

    def cancel(self, call):
        if self.has("refund-needs-both") and len(call.query) < 2:
            raise RefusedError("InvalidReferenceId")
        return super().cancel(call)

    def check_refund(self, payment, plain, minor):
        if self.has("refund-unpaid"):
            payment.paid_ms = payment.paid_ms or 1
        if self.has("refund-over") and minor > payment.minor - payment.returned:
            return
        if self.has("refund-parts-unsummed") and 0 < minor <= payment.minor:
            return
        if self.has("refund-zero") and not minor:
            return
        super().check_refund(payment, plain, minor)
