"""Codes: as a picture, read from a picture, explained object by object, made from a form. They need no world."""

from hashlib import md5
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, StringConstraints

from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import AllWorlds
from bakong_simulator.control.requests import Qr, Strict, Text
from bakong_simulator.kernel.errors import BodyError
from emvqr import detect
from emvqr import read as read_objects
from emvqr.identifiers import TITLES
from emvqr.names import name_of
from khqr import Currency, Individual, KHQRError, Merchant, decode, encode, explaining, image, verify
from khqr.problems import Mode

router = APIRouter(prefix="/sandbox/codes")
KHQR = "khqr"
MAX_PICTURE_TEXT = 1000
_PICTURES = {"image/svg+xml": {"schema": {"type": "string"}}, "image/png": {"schema": {"type": "string"}}}
_UPLOAD = {
    "requestBody": {"required": True, "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}
_NO_SCRIPT = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'", "cache-control": "no-store"}


class NewCode(Strict):
    """What a KHQR is to say. With merchant_id and acquiring_bank it is a merchant's, else a person's."""

    bakong_account_id: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    merchant_name: Annotated[str, StringConstraints(min_length=1, max_length=25)]
    merchant_city: Annotated[str, StringConstraints(max_length=15)] = "Phnom Penh"
    currency: Literal["KHR", "USD"] = "KHR"
    amount: Annotated[Text, Field(description="None: a static code, whose payer chooses.")] = None
    merchant_id: Text = None
    acquiring_bank: Text = None
    bill_number: Text = None
    store_label: Text = None
    terminal_label: Text = None
    mobile_number: Text = None
    lives_s: Annotated[int, Field(ge=1, le=10 * 366 * 86_400, description="Of a dynamic code.")] = 900
    world: Annotated[str, Field(max_length=63, description="Whose time it is made at.")] = "default"


class MadeCode(responses.Response):
    qr: str
    md5: str


class TextsRead(responses.Response):
    texts: list[str]


class Explained(Strict):
    text: Qr
    world: Annotated[str, Field(max_length=63, description="Whose time decides whether it has expired.")] = "default"


class ObjectShown(responses.Response):
    """One data object. at, length: its place in the text, with its tag and its own length."""

    path: str
    depth: int
    name: str
    value: str
    meaning: str
    at: int
    length: int


class ProblemShown(responses.Response):
    path: str
    at: int | None
    message: str
    is_warning: bool


class ExplainedShown(responses.Response):
    """schemes: whose template it holds. says: what a payer is told. md5: by which Bakong knows it."""

    text: str
    valid: bool
    schemes: list[str]
    says: dict[str, str | None]
    md5: str | None
    objects: list[ObjectShown]
    problems: list[ProblemShown]


@router.get("/picture", response_class=Response, responses={200: {"content": _PICTURES}})
async def draw_code(
    text: Annotated[str, Query(min_length=1, max_length=MAX_PICTURE_TEXT)],
    *,
    card: Annotated[bool, Query(description="The KHQR card: name and amount around the code.")] = False,
    kind: Annotated[Literal["svg", "png"], Query(alias="format")] = "svg",
) -> Response:
    """A text as a QR code."""
    drawing: Any = {("svg", False): image.svg, ("png", False): image.png, ("svg", True): image.card_svg}
    try:
        made: Any = await run_in_threadpool(drawing.get((kind, card), image.card_png), text)
    except KHQRError as error:
        raise BodyError(f"text: {error}") from None
    media_type = "image/svg+xml" if kind == "svg" else "image/png"
    return Response(made, media_type=media_type, headers=_NO_SCRIPT)


@router.post("/read", response_model=TextsRead, openapi_extra=_UPLOAD)
async def read_picture(request: Request) -> dict[str, list[str]]:
    """The texts of all QR codes in a picture: PNG, JPEG and what else a phone takes."""
    raw = await request.body()
    try:
        return {"texts": await run_in_threadpool(image.read, raw)}
    except KHQRError as error:
        raise BodyError(f"the picture: {error}") from None


@router.post("/explain", response_model=ExplainedShown)
async def explain_code(asked: Explained, worlds: AllWorlds) -> dict[str, Any]:
    """A code of any scheme, object by object, and every problem with its place; a KHQR by NBC's rules too."""
    return explained(asked.text, worlds.get(asked.world).clock.now_ms())


@router.post("", response_model=MadeCode)
async def make_code(new: NewCode, worlds: AllWorlds) -> dict[str, str]:
    """A KHQR of these values. No world knows it yet: show it with POST /sandbox/worlds/<world>/qr, or pay it."""
    now = worlds.get(new.world).clock.now_ms()
    named = new.model_dump(exclude={"world", "lives_s", "currency"}, exclude_none=True)
    expiry = {"expiration_timestamp": now + new.lives_s * 1000} if new.amount else {}
    try:
        kind: Any = Merchant if new.merchant_id or new.acquiring_bank else Individual
        made = encode(kind(**named, **expiry, currency=Currency[new.currency]), now=now)
    except (KHQRError, TypeError, ValueError) as error:
        raise BodyError(str(error)) from None
    return {"qr": made.qr, "md5": made.md5}


def explained(text: str, now_ms: int) -> dict[str, Any]:
    """What can be said of a text."""
    reading = read_objects(text)
    schemes = detect(reading.nodes)
    is_khqr = KHQR in schemes
    lines = {line.path: line for line in explaining.explain(text, now=now_ms).lines} if is_khqr else {}
    objects = [
        {
            "path": node.path,
            "depth": node.path.count("."),
            "name": (lines[node.path].name if node.path in lines else name_of(node.path)) or "",
            "value": "" if node.children else node.value,
            "meaning": lines[node.path].meaning if node.path in lines else "",
            "at": node.offset,
            "length": 4 + len(node.value),
        }
        for root in reading.nodes
        for node in root.walk()
    ]
    valid, problems, says = _khqr(text, now_ms) if is_khqr else (not reading.faults, _core(reading), {})
    digest = md5(text.encode(), usedforsecurity=False).hexdigest() if is_khqr else None
    titles = [TITLES[name] for name in schemes]
    return {"text": text, "valid": valid, "schemes": titles, "says": says, "md5": digest} | {
        "objects": objects,
        "problems": problems,
    }


def _core(reading: Any) -> list[dict[str, Any]]:
    return [
        {"path": row.path, "at": row.at, "message": row.message, "is_warning": row.is_warning}
        for row in reading.problems
    ]


def _khqr(text: str, now_ms: int) -> tuple[bool, list[dict[str, Any]], dict[str, str | None]]:
    verdict = verify(text, now=now_ms, mode=Mode.STRICT)
    problems = [
        {"path": row.tag or "", "at": row.offset, "message": row.message, "is_warning": False}
        for row in verdict.problems
    ]
    try:
        payload = decode(text, mode=Mode.LENIENT)
    except KHQRError:
        return verdict.is_valid, problems, {}
    payee = payload.payee
    says = {
        "to": payee.bakong_account_id,
        "name": payee.merchant_name,
        "city": payee.merchant_city,
        "amount": None if payee.amount is None else str(payee.amount),
        "currency": Currency(payee.currency).name if payee.currency else None,
        "bill_number": payee.bill_number,
    }
    return verdict.is_valid, problems, says
