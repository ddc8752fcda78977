"""What a program compiles when it meets its first code: imported before programs fork, so that it is done once."""

from khqr import Currency, Individual, Merchant, decode, encode

PAYEE = {"bakong_account_id": "sokha@devb", "merchant_name": "Sokha", "currency": Currency.USD}

decode(encode(Individual(**PAYEE)).qr)
decode(encode(Merchant(**PAYEE, merchant_id="1", acquiring_bank="Dev Bank")).qr)
