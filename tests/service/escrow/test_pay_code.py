"""The picture of a payment page's address: what the library draws, module by module, and soon without the library."""

import random
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from bakong_service.api import pay_code


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=20, max_size=80))
@settings(max_examples=20, deadline=None)
def test_every_text_has_the_modules_that_the_library_draws(text):
    side, bits = pay_code._drawn(text)
    assert "".join(pay_code.modules(text)) == f"{bits:0{side * side}b}"


def test_after_a_few_addresses_the_library_is_hardly_asked(monkeypatch):
    drawn, draw = [], pay_code._drawn
    monkeypatch.setattr(pay_code, "_drawn", lambda text: drawn.append(text) or draw(text))
    chance = random.Random(1)
    for count in range(60):
        name = uuid.UUID(int=chance.getrandbits(128), version=4)
        pay_code.png(f"https://a-shop-of-this-test.example/pay/{name}")
        if count == 11:
            drawn.clear()
    assert len(drawn) < 20
