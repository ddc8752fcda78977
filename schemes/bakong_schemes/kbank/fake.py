"""KBank's QR payment API, as far as its public pages go. The description beside this file is all there is to it."""

from pathlib import Path

from bakong_described.fake.scheme import DescribedScheme
from bakong_described.reading import OURS, read

KBANK = DescribedScheme(read(Path(__file__).parent / "kbank.yaml", OURS))
