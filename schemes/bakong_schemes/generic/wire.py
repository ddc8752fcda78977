"""The description that fake and adapter share."""

from pathlib import Path

from bakong_described.reading import OURS, read

BANK_OF_EXAMPLE = read(Path(__file__).parent / "bank-of-example.yaml", OURS)
