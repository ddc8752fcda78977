"""The payment schemes that a sandbox has. The first is meant wherever a request names none."""

from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.generic.fake import GENERIC
from bakong_schemes.nagad.fake.scheme import NAGAD
from bakong_schemes.omise.fake.scheme import OMISE
from bakong_schemes.paystack.fake.scheme import PAYSTACK
from bakong_schemes.promptpay.fake.scheme import PROMPTPAY
from bakong_schemes.stripe.fake.scheme import STRIPE

SCHEMES = (BAKONG, PROMPTPAY, OMISE, BKASH, NAGAD, STRIPE, PAYSTACK, GENERIC)
