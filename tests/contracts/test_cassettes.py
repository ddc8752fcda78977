"""Cassettes: nothing private is in one, a budget is never passed, and what came is kept as it came."""

import base64
import html
import json
import os
import re
from urllib.parse import quote, unquote

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bakong_conformance.cassettes import (
    Answer,
    CassetteError,
    Masker,
    Recorder,
    Targets,
    cassette_of,
    differences,
    read,
    write,
)
from bakong_conformance.cassettes.taking import UNKNOWN, private_values
from khqr import md5_of, verify

EXAMPLES = int(os.environ.get("CASSETTE_EXAMPLES", "25"))
SALT = b"a salt for tests"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def jwt(claims):
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    head, payload = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return f"{head}.{payload}.{'s1GnAtUr3' * 5}"


TOKEN = jwt({"data": {"id": "d40731d3dc7b4e1a"}, "iat": 1_770_000_000, "exp": 1_777_776_000})
FOUND = {
    "hash": "c0ffee" + "1" * 58,
    "fromAccountId": "abaakhppxxx@abaa",
    "toAccountId": "chan.sokha@devb",
    "currency": "KHR",
    "amount": 9800,
    "description": "Sokha Chan, +855 12 345 678",
    "createdDateMs": 1772125349000,
    "acknowledgedDateMs": 1772125351000,
    "trackingStatus": None,
    "receiverBank": "Dev Bank",
    "receiverBankAccount": "8*******123",
    "instructionRef": None,
    "externalRef": "100FT36931627892",
}


def envelope(data, message="Success", code=None):
    return {"responseCode": int(code is not None), "responseMessage": message, "errorCode": code, "data": data}


def recorded(answer, targets=None, *, budget=50, token=TOKEN):
    """The cassette of a Bakong that answers by a function of the request."""
    recorder = Recorder(
        httpx.Client(base_url="http://bakong.test", transport=httpx.MockTransport(answer)), token, budget
    )
    targets = targets or Targets()
    recorder.record(targets)
    masker = Masker(SALT, private_values(token, targets))
    return cassette_of(
        recorder.takes,
        masker,
        base_url="http://bakong.test",
        recorded="2026-02-11",
        budget=budget,
        left_out=recorder.left_out,
    )


# How a private value may be written; each way with the one that finds it again in a text.
WRITINGS = {
    "plain": str,
    "capitals": str.upper,
    "url": quote,
    "url, every letter": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "url, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 within": lambda text: base64.urlsafe_b64encode(f"user={text};".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "\\u": lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    "html": lambda text: "".join(f"&#{ord(sign)};" for sign in text),
    "jwt": lambda text: jwt({"data": {"id": text, "name": text.upper()}}),
    "quoted": lambda text: f"<<{html.escape(text)}>>",
}


def found_in(text, secret):
    """Whether a text shows a secret: a second opinion, written apart from the one that the recorder has."""
    folded = secret.casefold()
    views = [text, unquote(text), unquote(unquote(text)), html.unescape(text)]
    views.append(re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text))
    for run in re.findall(r"[\w+/-]{6,}", text, re.ASCII):
        for start in range(4):
            part = run[start:].replace("-", "+").replace("_", "/")
            part = part[: len(part) // 4 * 4]
            views.append(base64.b64decode(part).decode("latin-1"))
        if re.fullmatch(r"[0-9a-f]+", run) and len(run) % 2 == 0:
            views.append(bytes.fromhex(run).decode("latin-1"))
    return any(folded in view.casefold() for view in views)


words = st.text(LETTERS, min_size=6, max_size=10)
accounts = st.builds("{}.{}@{}".format, words, words, st.text(LETTERS, min_size=4, max_size=5))
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
phones = st.text("123456789", min_size=9, max_size=9).map("+855{}".format)


@given(
    accounts,
    hexes,
    hexes.map(lambda text: text[:32]),
    st.builds("{} {}".format, words.map(str.title), words.map(str.title)),
    phones,
    st.sampled_from(sorted(WRITINGS)),
    st.sampled_from(("message", "description", "new key", "key", "header", "page", "broken", "token")),
)
@example("sokha.chan@devb", "ab" * 32, "cd" * 16, "Sokha Chan", "+85512345678", "base64 within", "message")
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_nothing_private_that_was_given_is_in_a_cassette(account, hash_, md5, name, phone, writing, place):
    write_so = WRITINGS[writing]
    targets = Targets(md5s=(md5,), hashes=(hash_,), accounts=(account,), private=(name, phone))
    token = jwt({"data": {"id": hash_[:16]}, "iat": 1_770_000_000, "exp": 1_777_776_000})
    secrets = [account, account.partition("@")[0], hash_, md5, name, phone, token, *token.split(".")[1:], hash_[:16]]
    echo = " and ".join(write_so(secret) for secret in secrets)

    def answer(request):
        data = FOUND | {"hash": hash_, "toAccountId": account, "receiverBank": name}
        said = envelope(data, f"Nothing for {echo}" if place == "message" else "Success")
        if place in ("description", "new key", "key"):
            data |= {"description": echo} if place == "description" else {"payer" if place == "new key" else echo: echo}
        if place == "token":
            said["data"] = {"token": jwt({"sub": account, "data": {"id": md5}, "names": [name, echo]})}
        if place == "page":
            return httpx.Response(403, html=f"<html><title>{echo}</title>{echo}</html>")
        raw = json.dumps(said)
        headers = {"server": echo, "x-request-id": echo} if place == "header" else {}
        return httpx.Response(200, content=raw[:-5] if place == "broken" else raw, headers=headers)

    text = write(recorded(answer, targets, token=token, budget=3))
    assert [secret for secret in secrets if found_in(text, secret)] == []


def test_a_cassette_that_would_betray_something_is_not_made(monkeypatch):
    monkeypatch.setattr(Masker, "words", lambda _self, text: text)
    told = {"json": envelope(None, f"No {quote('Sokha Chan')} here", 1)}
    with pytest.raises(CassetteError, match="nothing was written"):
        recorded(lambda _: httpx.Response(200, **told), Targets(private=("Sokha Chan",)), budget=1)


def test_what_an_answer_tells_of_others_is_masked_too():
    text = write(recorded(lambda _: httpx.Response(200, json=envelope(FOUND, "From chan.sokha@devb, Dev Bank"))))
    for private in ("chan.sokha", "abaakhppxxx", "Sokha", "12 345", "Dev Bank", FOUND["hash"], "36931627892", "9800"):
        assert private not in text, private
    assert "1772125349000" not in text


def test_a_mask_keeps_the_form_and_says_the_same_of_the_same():
    masker = Masker(SALT)
    once, again = masker.body(FOUND), Masker(SALT).body(dict(FOUND))
    assert once == again != Masker(b"another salt").body(FOUND)
    assert list(once) == list(FOUND)
    assert [type(value) for value in once.values()] == [type(value) for value in FOUND.values()]
    assert re.fullmatch(r"[0-9a-f]{64}", once["hash"])
    assert masker.value(FOUND["hash"][:8]) == once["hash"][:8]
    assert masker.value(FOUND["hash"].upper()) == once["hash"].upper()
    assert re.fullmatch(r"[a-z]{11}@[a-z]{4}", once["fromAccountId"])
    assert once["acknowledgedDateMs"] - once["createdDateMs"] == 2000
    assert once["createdDateMs"] % 1000 == 0
    assert re.fullmatch(r"[1-9]{2}00", str(once["amount"]))
    assert re.fullmatch(r"\d{3}[A-Z]{2}\d{11}", once["externalRef"])
    khmer = masker.value("សុខា")
    assert khmer != "សុខា"
    assert all("\u1780" <= sign <= "\u17ff" for sign in khmer)


def test_a_masked_token_is_a_token_of_the_same_life():
    masked = Masker(SALT).value(TOKEN)
    head, payload, signature = masked.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert (len(masked), head) == (len(TOKEN), TOKEN.split(".")[0])
    assert signature != TOKEN.split(".")[2]
    assert re.fullmatch("[0-9a-f]{16}", claims["data"]["id"])
    assert claims["exp"] - claims["iat"] == 7_776_000


def test_a_masked_code_is_a_valid_code_and_its_md5_is_the_masked_md5(code):
    masker = Masker(SALT)
    masker.learn({"qr": code.qr})
    masked = masker.body({"qr": code.qr, "md5": code.md5})
    assert masked["qr"] != code.qr
    assert "sokha" not in masked["qr"].casefold()
    assert masked["md5"] == md5_of(masked["qr"])
    problems = verify(masked["qr"], now=0).problems
    assert [problem for problem in problems if "CRC" in str(problem) or problem.tag in ("29", "54")] == []


def test_a_cassette_is_read_back_as_it_was_written(tmp_path):
    made = recorded(lambda _: httpx.Response(200, json=envelope(FOUND)), Targets(md5s=("ab" * 16,)))
    (tmp_path / "one.yaml").write_text(write(made))
    again = read(tmp_path / "one.yaml")
    assert again == made
    assert list(again.exchanges[0].answer.body["data"]) == list(FOUND)


@pytest.mark.parametrize("budget", [1, 3, 7])
def test_no_call_is_made_past_the_budget(budget):
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(200, json=envelope(None, "no", 1))

    made = recorded(answer, budget=budget)
    assert len(asked) == budget == made.spent
    assert len(made.exchanges) + len(made.left_out) == len(UNKNOWN)
    assert made.left_out[0].endswith(f"the budget of {budget} calls is spent")


def test_a_call_that_times_out_is_spent_and_kept_as_silence():
    def answer(request):
        raise httpx.ReadTimeout("too slow", request=request)

    made = recorded(answer, budget=2)
    assert [(one.answer, one.silence) for one in made.exchanges] == [(None, "timed out")] * 2


def test_from_abroad_the_page_is_kept_and_nothing_more_is_asked():
    page = "<html><head><title>ERROR: The request could not be satisfied</title></head>CloudFront</html>\n"
    made = recorded(lambda _: httpx.Response(403, html=page))
    assert [(one.answer.status, one.answer.text) for one in made.exchanges] == [(403, page)]
    assert "outside Cambodia" in made.left_out[0]


def test_a_spent_quota_ends_the_recording():
    spent = envelope(None, "Daily request limit of 100 exceeded. Please try again tomorrow.", 17)
    assert recorded(lambda _: httpx.Response(200, json=spent)).spent == 1


def test_every_call_without_a_target_reads_only():
    made = recorded(lambda _: httpx.Response(200, json=envelope(None, "no", 1)))
    assert {one.request.endpoint for one in made.exchanges if "check" not in one.request.endpoint} == {"renew_token"}
    assert {one.request.method for one in made.exchanges} == {"POST"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cassette: [", "not valid YAML"),
        ("cassette: 2", "cassette"),
        ("cassette: 1\nhost: a\nrecorded: b\nbudget: 1\nspent: 1\nexchanges: [{name: a}]", "exchanges.0.request"),
    ],
)
def test_what_is_no_cassette_is_told_with_its_place(tmp_path, text, told):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(CassetteError, match=told):
        read(tmp_path / "bad.yaml")


def compared(was, is_):
    return differences(Answer(status=200, body=was), Answer(status=200, body=is_))


def test_the_order_of_keys_is_compared_and_named():
    assert compared({"data": {"hash": None, "amount": 1}}, {"data": {"amount": 1, "hash": None}}) == [
        "order of the keys of data: recorded hash, amount, the simulator: amount, hash"
    ]


@pytest.mark.parametrize(
    ("was", "is_", "told"),
    [
        ({"description": "Cashier-01"}, {"description": None}, []),
        ({"receiverBank": "Dev Bank"}, {"receiverBank": None}, ["receiverBank: recorded 'Dev Bank', a text"]),
        ({"externalRef": "100FT1"}, {"externalRef": "WG/2"}, []),
        ({"hash": "ab" * 32}, {"hash": "cd" * 32}, []),
        ({"hash": "ab" * 32}, {"hash": "cd" * 16}, ["hash: recorded '" + "ab" * 29 + "a…, 64 small hex digits"]),
        ({"amount": 9800}, {"amount": 9800.0}, ["amount: recorded 9800, a whole number, the simulator: 9800.0"]),
        ({"errorCode": 1}, {"errorCode": 14}, ["errorCode: recorded 1, the simulator: 14"]),
    ],
)
def test_values_are_compared_as_far_as_they_are_promised(was, is_, told):
    found = compared(was, is_)
    assert len(found) == len(told)
    assert all(line.startswith(words) for line, words in zip(found, told, strict=True)), found
