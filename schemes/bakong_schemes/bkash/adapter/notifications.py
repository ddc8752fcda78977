"""The IPN that SNS signed. It decides nothing: it names an invoice, whose payment is asked for then."""

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.adapter.client import parsed
from bakong_service.domain.errors import ForgedEventError
from bakong_service.ports import Event

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_EVENTS, MAX_CERTIFICATES = 10_000, 10
MAX_PEM = 64 * 1024
_ARN = re.compile(r"arn:aws:sns:([a-z0-9-]{3,40}):[0-9]{12}:[A-Za-z0-9_-]{1,256}", re.ASCII)
_FILE = re.compile(r"/SimpleNotificationService-[0-9a-f]{1,64}\.pem", re.ASCII)


def host_of(topic_arn: str) -> str:
    """The host of SNS in a topic's region. Raises ValueError for what is no topic.

    >>> host_of("arn:aws:sns:ap-southeast-1:000000000000:bkash-default")
    'sns.ap-southeast-1.amazonaws.com'
    """
    read = _ARN.fullmatch(topic_arn)
    if read is None:
        raise ValueError(f"read {topic_arn[:100]!r}, expected arn:aws:sns:REGION:ACCOUNT:TOPIC")
    return f"sns.{read[1]}.amazonaws.com"


class Certificates:
    """The certificates that SNS signs with, from its own host, each fetched once. root: before the file's name."""

    def __init__(self, client: httpx.AsyncClient, *, root: str = "") -> None:
        self._client = client
        self._root = root
        self._kept: OrderedDict[str, Certificate] = OrderedDict()

    async def get(self, name: str) -> "Certificate | None":
        """None where there is none, or SNS cannot be asked."""
        from cryptography import x509  # noqa: PLC0415  the service starts without it

        if name in self._kept:
            return self._kept[name]
        try:
            answer = await self._client.get(self._root + name)
            certificate = (
                x509.load_pem_x509_certificate(answer.content[:MAX_PEM]) if answer.status_code == 200 else None
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            return None
        if certificate is not None:
            self._kept[name] = certificate
            if len(self._kept) > MAX_CERTIFICATES:
                self._kept.popitem(last=False)
        return certificate

    async def confirm(self, topic_arn: str, token: str) -> None:
        """Subscribe to a topic; where it fails, SNS asks again."""
        query = urlencode({"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": token})
        try:
            await self._client.get(f"{self._root}/?{query}")
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return


class ReadNotification:
    """Believes one topic. A message of another one is as well signed: anybody can have a topic.

    invoices: the payment of each invoice that this process has made; of others polling tells.
    """

    def __init__(
        self, topic_arn: str, certificates: Certificates, invoices: Mapping[str, str], now_ms: Callable[[], int]
    ) -> None:
        self._arn = topic_arn
        self._host = host_of(topic_arn)
        self._certificates = certificates
        self._invoices = invoices
        self._now_ms = now_ms
        self._seen: OrderedDict[str, bytes] = OrderedDict()

    async def __call__(self, headers: Mapping[str, str], body: bytes, /) -> Event:
        envelope = _envelope(headers, body)
        if envelope["TopicArn"] != self._arn:
            raise ForgedEventError("a message of another topic")
        signed = signed_text(envelope)
        await self._verify(envelope, signed)
        self._check_id(envelope["MessageId"], hashlib.sha256(signed).digest())
        if envelope["Type"] == wire.CONFIRMATION:
            await self._certificates.confirm(self._arn, envelope.get("Token", ""))
            return Event(None)
        inner = parsed(envelope["Message"].encode()) or {}
        invoice = inner.get("merchantInvoiceNumber")
        return Event(self._invoices.get(invoice) if isinstance(invoice, str) else None)

    async def _verify(self, envelope: dict[str, str], signed: bytes) -> None:
        """Raises ForgedEventError."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415

        certificate = await self._certificates.get(_file_of(envelope["SigningCertURL"], self._host))
        if certificate is None:
            raise ForgedEventError("its certificate is not to be had")
        now = datetime.fromtimestamp(self._now_ms() / 1000, UTC)
        key = certificate.public_key()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise ForgedEventError("its certificate is not valid now")
        if not isinstance(key, rsa.RSAPublicKey):
            raise ForgedEventError("its certificate has no RSA key")
        algorithm = hashes.SHA1() if envelope["SignatureVersion"] == "1" else hashes.SHA256()  # noqa: S303  SNS's own
        try:
            signature = base64.b64decode(envelope["Signature"], validate=True)
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        except (InvalidSignature, binascii.Error, ValueError):
            raise ForgedEventError("its signature is not of this message") from None

    def _check_id(self, id_: str, digest: bytes) -> None:
        if self._seen.get(id_, digest) != digest:
            raise ForgedEventError(f"the message {id_[:80]} came before with other fields")
        self._seen[id_] = digest
        if len(self._seen) > MAX_EVENTS:
            self._seen.popitem(last=False)


_NEEDED = ("Type", "MessageId", "TopicArn", "Message", "SignatureVersion", "Signature", "SigningCertURL")


def _envelope(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The texts of a message. Raises ForgedEventError for what SNS does not send."""
    document: dict[str, Any] = parsed(body) or {}
    if any(not isinstance(document.get(name), str) for name in _NEEDED):
        raise ForgedEventError("no message of SNS")
    if document["Type"] not in (wire.NOTIFICATION, wire.CONFIRMATION):
        raise ForgedEventError(f"a message of type {document['Type'][:80]!r}")
    lowered = {name.lower(): value for name, value in headers.items()}
    if lowered.get(wire.SNS_TYPE_HEADER) != document["Type"]:
        raise ForgedEventError(f"{wire.SNS_TYPE_HEADER} is not the message's type")
    if document["SignatureVersion"] not in ("1", "2"):
        raise ForgedEventError("a SignatureVersion that nobody knows")
    return {name: value for name, value in document.items() if isinstance(value, str)}


def signed_text(envelope: Mapping[str, str]) -> bytes:
    """What SNS signs: the fields that a message has, each with its name."""
    return "".join(f"{name}\n{envelope[name]}\n" for name in wire.SIGNED_FIELDS if name in envelope).encode()


def _file_of(url: str, host: str) -> str:
    """The path of a certificate at SNS's own host. Raises ForgedEventError."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ForgedEventError("SigningCertURL is no URL") from None
    if (parts.scheme, parts.netloc, parts.query) != ("https", host, "") or not _FILE.fullmatch(parts.path):
        raise ForgedEventError(f"SigningCertURL: read {url[:120]!r}, expected a certificate at https://{host}")
    return parts.path
