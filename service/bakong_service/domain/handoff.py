"""What a payer is handed to pay by: a code to scan, a page to go to, or a secret for the provider's own client."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code's text, a link that opens a wallet with it, and a short link where the provider gave one.

    text and deep_link are empty once retention has dropped them.
    """

    text: str
    deep_link: str = ""
    short_link: str | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """The provider's page, where the payer approves."""

    url: str


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """What the provider's own client needs to collect the payment; a secret of the payer's."""

    secret: str


Handoff = Code | Redirect | ClientSecret
