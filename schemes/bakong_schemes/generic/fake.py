"""The invented bank, as the simulator plays it."""

from pathlib import Path

from bakong_described.fake.scheme import DescribedScheme
from bakong_schemes.generic.wire import BANK_OF_EXAMPLE

GENERIC = DescribedScheme(BANK_OF_EXAMPLE, Path(__file__).parent / "scenarios")
