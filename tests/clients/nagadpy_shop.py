"""PyPI nagadpy 0.0.2, unmodified, in an environment of its own. One command a run; prints one line of JSON."""

import json
import sys

from nagadpy import NagadPayment, NagadPaymentVerify


def main(config, command, *words):
    pay = NagadPayment(**config)
    if command == "checkout":
        try:
            return pay.checkout_process(*words)
        except Exception as error:  # noqa: BLE001  its PaymentCompleteError, whatever went wrong
            return {"error": type(error).__name__, "text": str(error)}
    if command == "parse":
        return NagadPaymentVerify(config["base_url"]).parse_payment_response(*words)
    return NagadPaymentVerify(config["base_url"]).verify_payment(*words)


print(json.dumps(main(json.loads(sys.argv[1]), *sys.argv[2:])))
