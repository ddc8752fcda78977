"""The payment schemes that a sandbox has. The first is meant wherever a request names none."""

from bakong_schemes.bakong.fake.scheme import BAKONG

SCHEMES = (BAKONG,)
