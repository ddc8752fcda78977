"""nagad.json, made by other people's programs: one whole exchange, and good and bad seals, on both sides."""

import json
from pathlib import Path

import pytest

from bakong_schemes.nagad import sealing, times
from bakong_schemes.nagad.fake.records import Keys, Purchase
from bakong_schemes.nagad.fake.scheme import NAGAD
from bakong_simulator.kernel.clock import Mode
from tests.schemes.nagad.conftest import BASE, WORLD, reason

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "nagad.json").read_text())
STEPS = {step["step"]: step for step in VECTORS["exchange"]}
NAGAD_KEY, MERCHANT_KEY = (sealing.private_key(VECTORS[who]["privateKeyPkcs8"]) for who in ("nagad", "merchant"))
ORDER, AT = "ORD20251211A1", times.read_compact("20251211160000")
REFERENCE = json.loads(STEPS["initialize"]["answer"]["plain"])["paymentReferenceId"]
CHALLENGE = json.loads(STEPS["initialize"]["answer"]["plain"])["challenge"]


@pytest.fixture
def shop(merchant):
    """The merchant of the vectors, at their time."""
    world = merchant.world
    world.clock.set_mode(Mode.FROZEN, at_ms=AT)
    world.state(NAGAD).keys = Keys(
        VECTORS["nagad"]["privateKeyPkcs8"],
        VECTORS["merchant"]["publicKeySpki"],
        VECTORS["merchant"]["privateKeyPkcs8"],
    )
    return merchant


def test_no_row_of_the_exchange_is_left_out():
    assert [step["step"] for step in VECTORS["exchange"]] == ["initialize", "complete", "callback", "verify", "cancel"]


def names_of(body):
    return sealing.CANCEL_NAMES if "sensitiveDataCancelRequest" in body else sealing.PLAIN_NAMES


@pytest.mark.parametrize("step", [step for step in STEPS.values() if "plain" in step], ids=lambda step: step["step"])
def test_what_a_merchant_has_sealed_opens_and_is_signed_the_same(step):
    body, names = step["body"], names_of(step["body"])
    plain = sealing.unseal(body[names.data], body[names.signature], NAGAD_KEY, MERCHANT_KEY.public_key())
    assert plain.decode() == step["plain"]
    assert sealing.sign(plain, MERCHANT_KEY) == body["signature"]
    again = sealing.seal(plain, NAGAD_KEY.public_key(), MERCHANT_KEY, names)
    assert again.keys() == set(names)
    assert sealing.unseal(again[names.data], again["signature"], NAGAD_KEY, MERCHANT_KEY.public_key()) == plain
    assert again[names.data] != body[names.data]


@pytest.mark.parametrize(
    "step", [step for step in STEPS.values() if "plain" in step.get("answer", ())], ids=lambda step: step["step"]
)
def test_what_nagad_has_sealed_opens_and_is_signed_the_same(step):
    answer, body = step["answer"], step["answer"]["body"]
    plain = sealing.unseal(body["sensitiveData"], body["signature"], MERCHANT_KEY, NAGAD_KEY.public_key())
    assert plain.decode() == answer["plain"]
    assert sealing.sign(plain, NAGAD_KEY) == body["signature"]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
async def test_each_seal_is_good_or_bad_as_the_vectors_say(case, shop):
    body, kind = case["body"], None
    try:
        plain = sealing.unseal(body["sensitiveData"], body["signature"], NAGAD_KEY, MERCHANT_KEY.public_key())
        assert plain.decode() == case["plain"]
    except sealing.SealError as error:
        kind = error.kind
    assert (kind is None) == bool(case["opens"] and case["signatureValid"])
    if not case["opens"]:
        assert kind in ("DecryptionError", "EncodingError")
    elif not case["signatureValid"]:
        assert kind == "SignatureVerificationFailed"
    answer = await shop.post(f"/check-out/initialize/{VECTORS['merchantId']}/{ORDER}", body)
    expected = kind or ("InvalidApiRequest" if case.get("json") is False else "InvalidMerchant")
    if kind is None and "merchantId" in case["plain"]:
        assert answer.status_code == 200, answer.text
    else:
        assert reason(answer) == (400, expected)


async def test_the_whole_exchange_goes_as_in_the_vectors(shop):
    assert shop.id == VECTORS["merchantId"]
    first = STEPS["initialize"]
    answer = await shop.client.post(BASE + first["path"], json=first["body"], headers=first["headers"])
    body = answer.json()
    plain = sealing.unseal(body["sensitiveData"], body["signature"], MERCHANT_KEY, NAGAD_KEY.public_key())
    expected = json.loads(first["answer"]["plain"])
    begun = json.loads(plain)
    assert list(begun) == list(expected)
    assert begun["acceptDateTime"] == expected["acceptDateTime"]
    assert {len(begun[name]) for name in begun} == {len(expected[name]) for name in expected}
    # What the fake draws is another; from here on the payment is the vectors' own.
    state = shop.world.state(NAGAD)
    state.purchases = {REFERENCE: Purchase(REFERENCE, ORDER, CHALLENGE, AT)}
    state.orders = {ORDER: REFERENCE}
    second = STEPS["complete"]
    answer = await shop.client.post(BASE + second["path"], json=second["body"], headers=second["headers"])
    shown = json.loads(json.dumps(second["answer"]["body"]).replace("{origin}", "http://sandbox.test"))
    assert (answer.status_code, answer.json()) == (200, shown)
    shop.world.clock.set_mode(Mode.FROZEN, at_ms=times.read_compact("20251211160523"))
    decided = await shop.decide(REFERENCE)
    drawn = state.purchases[REFERENCE].issuer_reference
    assert decided["redirect"].replace(drawn, "0001N4GD") == STEPS["callback"]["url"]
    third = STEPS["verify"]
    verified = (await shop.client.get(BASE + third["path"])).json()
    assert list(verified) == list(third["answer"]["body"])
    assert verified | {"issuerPaymentRefNo": "0001N4GD"} == third["answer"]["body"]
    last = STEPS["cancel"]
    answer = (await shop.client.post(BASE + last["path"], json=last["body"], headers=last["headers"])).json()
    plain = sealing.unseal(answer["sensitiveData"], answer["signature"], MERCHANT_KEY, NAGAD_KEY.public_key())
    expected = json.loads(last["answer"]["plain"])
    assert list(json.loads(plain)) == list(expected)
    assert json.loads(plain) | {"cancelTrxId": expected["cancelTrxId"]} == expected
    assert (await shop.client.get(f"{WORLD}/nagad")).json()["merchantId"] == shop.id


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (sealing.private_key, VECTORS["nagad"]["privateKeyPkcs1"], "PKCS#1"),
        (sealing.private_key, VECTORS["nagad"]["publicKeySpki"], "read a public key, expected a private one"),
        (sealing.public_key, VECTORS["nagad"]["privateKeyPkcs8"], "read a private key, expected a public one"),
        (
            sealing.private_key,
            sealing.pem_of(VECTORS["nagad"]["privateKeyPkcs8"], "PRIVATE"),
            "PEM lines (PRIVATE KEY)",
        ),
        (sealing.public_key, sealing.pem_of(VECTORS["nagad"]["publicKeySpki"], "PUBLIC"), "PEM lines (PUBLIC KEY)"),
        (sealing.private_key, VECTORS["nagad"]["privateKeyPkcs8"][:400], "a part of it is missing"),
        (sealing.public_key, VECTORS["nagad"]["publicKeySpki"][:-2] + "\n" + "AB", "several lines"),
        (sealing.public_key, VECTORS["nagad"]["publicKeySpki"][:-1], "not base64"),
        (sealing.public_key, "", "is empty"),
    ],
)
def test_a_key_that_was_pasted_wrongly_is_refused_in_plain_words(read, text, words):
    with pytest.raises(sealing.KeyTextError) as caught:
        read(text)
    assert words in str(caught.value)
    assert VECTORS["nagad"]["privateKeyPkcs8"][60:100] not in str(caught.value)


def test_lines_and_pem_are_one_key():
    for who, kind in (("nagad", "PRIVATE"), ("merchant", "PUBLIC")):
        line = VECTORS[who]["privateKeyPkcs8" if kind == "PRIVATE" else "publicKeySpki"]
        assert sealing.line_of(sealing.pem_of(line, kind)) == sealing.line_of(f"  {line}\n") == line
    assert sealing.public_half(VECTORS["merchant"]["privateKeyPkcs8"]) == VECTORS["merchant"]["publicKeySpki"]
