"""Profiles of schemes of which this project has no more than the table. Data; the core does not import it."""

from emvqr.profiles.pix import PIX
from emvqr.profiles.vietqr import VIETQR

__all__ = ["PIX", "VIETQR"]
