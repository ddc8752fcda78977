"""From the text of a QR to what it says and all that is wrong with it. Strict; may not know who forgives what.

One pass over values by tag; where a rule is broken, and only there, the place is looked up in the text.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from emvqr import MAX_PAYLOAD, DataObject, EMVError, RepeatedTagError, crc16_of, fields, parse, read_amount
from khqr import tags
from khqr.model import Currency, Individual, Merchant, Payload
from khqr.problems import Problem
from khqr.rules import ACCOUNT, AMOUNT, CATEGORY, CONTROL, MILLISECONDS
from khqr.tags import Sub
from khqr.utf16 import is_astral, text_of, units, utf8

_CRC_TAIL = re.compile(r"6304[0-9A-Fa-f]{4}\Z", re.ASCII)
_SPACE: Final = " \t\r\n\v\f\0\ufeff"
_CURRENCIES = {"116": Currency.KHR, "840": Currency.USD}
_DECIMALS = {Currency.KHR: 0, Currency.USD: 2}
_INITIATIONS = (tags.STATIC, tags.DYNAMIC)
_BY_TAG = {
    tag: {sub.tag: sub for sub in subs}
    for tag, subs in (
        (tags.INDIVIDUAL_ACCOUNT, tags.INDIVIDUAL_SUBS),
        (tags.MERCHANT_ACCOUNT, tags.MERCHANT_SUBS),
        (tags.ADDITIONAL_DATA, tags.ADDITIONAL_SUBS),
        (tags.LANGUAGE, tags.LANGUAGE_SUBS),
    )
}
# The text values at the top that every code must have: tag, field, limit, NBC's numbers for missing and too long.
_TEXTS = (
    (tags.MERCHANT_NAME, "merchant_name", tags.MAX_NAME, 2, 7),
    (tags.MERCHANT_CITY, "merchant_city", tags.MAX_CITY, 27, 21),
)

Values = dict[str, Any]


class Reading:
    """One text being read: `problems` in the order in which they were met, `payload` what could be made out."""

    __slots__ = ("_astral", "_broken", "_text", "payload", "problems")

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self.payload: Payload | None = None
        self._text = text
        self._astral = False
        self._broken = False
        self._read()

    def _problem(self, rule: str, message: str, code: int | None = None, tag: str | None = None) -> None:
        self.problems.append(Problem(rule, message, code, tag, place(self._text, tag) if tag else None))

    def _read(self) -> None:
        self._check_text()
        by_tag = self._top()
        self._check_frame(by_tag)
        values: Values = {}
        for tag, name, limit, missing, too_long in _TEXTS:
            values[name] = self._bounded(by_tag, tag, limit, missing, too_long)
        values["merchant_category_code"] = self._category(by_tag)
        currency = values["currency"] = self._currency(by_tag)
        amount = values["amount"] = self._amount(by_tag, currency)
        if tags.ADDITIONAL_DATA in by_tag:
            self._template(by_tag, tags.ADDITIONAL_DATA, values)
        if tags.LANGUAGE in by_tag:
            self._language(by_tag, values)
        if tags.UPI_ACCOUNT in by_tag:
            values["upi_merchant_account"] = self._upi(by_tag, currency)
        creation, values["expiration_timestamp"] = self._timestamps(by_tag, amount)
        initiation = self._initiation(by_tag)
        kind = self._account(by_tag, values)
        if kind and not self._broken:
            self._finish(by_tag, kind, values, initiation, creation)

    def _finish(
        self,
        by_tag: dict[str, str],
        kind: Callable[..., Individual | Merchant],
        values: Values,
        initiation: str,
        creation: int | None,
    ) -> None:
        if self._astral:
            values = {name: text_of(value) if isinstance(value, str) else value for name, value in values.items()}
        self.payload = Payload(
            payee=kind(**values),
            point_of_initiation=initiation,
            country_code=by_tag.get(tags.COUNTRY, ""),
            creation_timestamp=creation,
            crc=by_tag.get(tags.CRC, ""),
        )

    def _check_text(self) -> None:
        """The text as a whole; what a scanner may have added at its ends is a problem, and is then left away."""
        whole, text = self._text, self._text.strip(_SPACE)
        if text != whole:
            message = f"begins with {whole[:1]!r} and ends in {whole[-1:]!r}, expected a bare code"
            self._problem("white-space", message, 8)
            self._text = text
        if len(text) > MAX_PAYLOAD:
            self._problem("length", f"the text has {len(text)} characters, a code at most {MAX_PAYLOAD}", 8)
        if not text.isprintable() and (control := CONTROL.search(text)):
            message = f"character {control.start()} is {control[0]!r}; a code holds no control characters"
            self.problems.append(Problem("control-character", message, 8, None, control.start()))
        if not text.isascii():
            self._check_unicode(text)
        self._check_crc(text)

    def _check_unicode(self, text: str) -> None:
        if is_astral(text):
            message = "holds a character beyond the BMP, whose length SDKs do not agree on (NBC's counts two)"
            first = next(at for at, character in enumerate(text) if character > "\uffff")
            self.problems.append(Problem("astral", message, 8, None, first))
            self._astral = True
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = "holds a lone surrogate, which no QR can carry"
            self.problems.append(Problem("surrogate", message, 8, None, error.start))

    def _check_crc(self, text: str) -> None:
        written, open_text = text[-4:], text[:-4]
        expected = crc16_of(utf8(open_text))
        if written == expected and open_text.endswith("6304"):
            return
        if not _CRC_TAIL.search(text):
            self._problem("crc-format", f"ends in {text[-8:]!r}, expected 6304 and four hex digits", 24, tags.CRC)
        elif written.upper() != expected:
            message = f"the CRC says {written}, the text's own is {expected}: a character was changed or lost"
            self._problem("crc-value", message, 8, tags.CRC)
        else:
            self._problem("crc-case", f"the CRC is written {written}, expected {expected}", 8, tags.CRC)

    def _top(self) -> dict[str, str]:
        """The values by tag; of a text with emoji in the units that NBC counts, else in characters."""
        if self._astral:
            try:
                return fields(units(self._text))
            except EMVError:
                return self._fields(self._text, "")
        return self._fields(self._text, "")

    def _fields(self, text: str, where: str) -> dict[str, str]:
        try:
            return fields(text)
        except RepeatedTagError as error:
            return self._repeated(parse(text), where, error)
        except EMVError as error:
            self._broken = True
            self._malformed(where, error)
            return {item.tag: item.value for item in error.read}

    def _repeated(self, objects: tuple[DataObject, ...], where: str, error: RepeatedTagError) -> dict[str, str]:
        start = (place(self._text, where) or 0) + 4 if where else 0
        path = f"{where}.{error.tag}" if where else error.tag
        message = f"duplicate tag {path}, the second time at character {start + error.offset}"
        self.problems.append(Problem("duplicate-tag", message, 8, path, start + error.offset))
        by_tag: dict[str, str] = {}
        for tag, value, _ in objects:
            by_tag.setdefault(tag, value)
        return by_tag

    def _malformed(self, where: str, error: EMVError) -> None:
        if not where:
            self.problems.append(Problem("tlv", str(error), 8, None, error.offset))
            return
        offset = (place(self._text, where) or 0) + 4 + error.offset
        self.problems.append(Problem("tlv", f"in tag {where}, {error}", 8, where, offset))

    def _missing(self, tag: str, value: str | None, code: int) -> None:
        """Nothing is missing from a text that breaks off: what came after could not be read."""
        if not self._broken or value is not None:
            self._problem("missing", f"tag {tag} is {'missing' if value is None else 'empty'}", code, tag)

    def _check_frame(self, by_tag: dict[str, str]) -> None:
        if next(iter(by_tag), tags.PAYLOAD_FORMAT) != tags.PAYLOAD_FORMAT:
            self._problem("order", f"begins with {self._text[:4]!r}, expected tag 00 first", 23, next(iter(by_tag)))
        if not self._broken and next(reversed(by_tag), tags.CRC) != tags.CRC:
            self._problem("order", "tag 63 (CRC) is not the last", 24, next(reversed(by_tag)))
        for tag, expected, missing in (
            (tags.PAYLOAD_FORMAT, tags.FORMAT_VERSION, 23),
            (tags.COUNTRY, tags.COUNTRY_CODE, 26),
        ):
            value = by_tag.get(tag)
            if value == expected:
                continue
            if value:
                self._problem("value", f"tag {tag} is {value!r}, expected {expected!r}", 8, tag)
            else:
                self._missing(tag, value, missing)
        if len(by_tag.get(tags.CRC, "6304")) != 4:
            self._problem("crc-format", f"tag 63 is {by_tag[tags.CRC]!r}, expected four hex digits", 22, tags.CRC)

    def _bounded(self, by_tag: dict[str, str], tag: str, limit: int, missing: int, too_long: int) -> str:
        value = by_tag.get(tag)
        if not value:
            self._missing(tag, value, missing)
            return ""
        if len(value) > limit:
            message = f"tag {tag} has {len(value)} characters, at most {limit} fit"
            self._problem("label-length", message, too_long, tag)
        return value

    def _category(self, by_tag: dict[str, str]) -> str:
        value = by_tag.get(tags.MERCHANT_CATEGORY)
        if not value:
            self._missing(tags.MERCHANT_CATEGORY, value, 25)
            return tags.DEFAULT_CATEGORY
        if not CATEGORY.fullmatch(value):
            is_short = len(value) < 4 and value.isascii() and value.isdigit()
            rule, code = ("category", 51) if is_short else ("value", 18 if len(value) > 4 else 51)
            self._problem(rule, f"tag 52 is {value!r}, expected four digits", code, tags.MERCHANT_CATEGORY)
        return value

    def _currency(self, by_tag: dict[str, str]) -> Currency:
        value = by_tag.get(tags.CURRENCY)
        currency = _CURRENCIES.get(value or "")
        if currency:
            return currency
        if value:
            message = f"tag 53 is {value!r}, expected 116 (KHR) or 840 (USD)"
            self._problem("value", message, 19 if len(value) > 3 else 28, tags.CURRENCY)
        else:
            self._missing(tags.CURRENCY, value, 9)
        return Currency.KHR

    def _amount(self, by_tag: dict[str, str], currency: Currency) -> Decimal | None:
        value = by_tag.get(tags.AMOUNT)
        if value is None:
            return None
        amount, form = read_amount(value, _DECIMALS[currency]), AMOUNT.fullmatch(value)
        if not amount or not form or (form[1] and currency is Currency.KHR):
            limit = f" of at most {tags.MAX_AMOUNT} characters" if len(value) > tags.MAX_AMOUNT else ""
            is_zero = amount is not None and not amount
            expected = "no tag 54 where there is no amount" if is_zero else f"an amount in {currency.name}{limit}"
            message = f"tag 54 is {value!r}, expected {expected}"
            self._problem("value" if amount is None else "amount-form", message, 4, tags.AMOUNT)
        return amount or None

    def _template(self, by_tag: dict[str, str], tag: str, values: Values) -> None:
        """The known fields of the template go into values by their names."""
        value = by_tag[tag]
        if not value:
            self._problem("empty-template", f"template {tag} is empty", 8, tag)
        subs = _BY_TAG[tag]
        for sub_tag, inner in self._fields(value, tag).items():
            sub = subs.get(sub_tag)
            if sub is None:
                continue
            if not 1 <= len(inner) <= sub.max_length:
                self._bad_length(tag, sub, inner)
            values[sub.name] = inner

    def _bad_length(self, tag: str, sub: Sub, inner: str) -> None:
        path = f"{tag}.{sub.tag}"
        message = f"tag {path} has {len(inner)} characters, expected 1 to {sub.max_length}"
        is_label = inner and sub.tag != tags.ACCOUNT_ID.tag
        self._problem("label-length" if is_label else "value", message, sub.too_long, path)

    def _language(self, by_tag: dict[str, str], values: Values) -> None:
        self._template(by_tag, tags.LANGUAGE, values)
        if not (values.get("language_preference") and values.get("merchant_name_alternate_language")):
            self._problem("language", "template 64 needs a language (00) and a name (01)", 39, tags.LANGUAGE)

    def _upi(self, by_tag: dict[str, str], currency: Currency) -> str | None:
        if currency is Currency.USD:
            self._problem("upi-currency", "UnionPay accounts (15) take no USD", 44, tags.UPI_ACCOUNT)
        return by_tag[tags.UPI_ACCOUNT] or None

    def _timestamps(self, by_tag: dict[str, str], amount: Decimal | None) -> tuple[int | None, int | None]:
        value = by_tag.get(tags.TIMESTAMP)
        if value is None:
            if (amount or by_tag.get(tags.POINT_OF_INITIATION) == tags.DYNAMIC) and not self._broken:
                message = "a code with an amount must carry its expiry (99.01)"
                self._problem("expiry-missing", message, 45)
            return None, None
        try:
            inner = fields(value)
        except EMVError as error:
            self._problem("timestamp", f"in tag 99, {error}", 8, tags.TIMESTAMP)
            return None, None
        creation = self._moment(inner, tags.CREATION)
        expiration = self._moment(inner, tags.EXPIRATION)
        if creation and expiration and expiration < creation:
            message = f"expires at {expiration}, before its creation at {creation}"
            self._problem("expires-before-created", message, 50, "99.01")
        return creation, expiration

    def _moment(self, inner: dict[str, str], tag: str) -> int | None:
        value = inner.get(tag, "")
        if MILLISECONDS.fullmatch(value):
            return int(value)
        path = f"{tags.TIMESTAMP}.{tag}"
        self._problem(
            "timestamp",
            f"tag {path} is {value!r}, expected 13 digits of milliseconds",
            49 if value else 45,
            path if value else tags.TIMESTAMP,
        )
        return None

    def _initiation(self, by_tag: dict[str, str]) -> str:
        """EMVCo makes 01 optional; absent, the code is static."""
        value = by_tag.get(tags.POINT_OF_INITIATION, tags.STATIC)
        if value not in _INITIATIONS:
            code = 17 if len(value) > 2 else 48
            self._problem("value", f"tag 01 is {value!r}, expected 11 or 12", code, tags.POINT_OF_INITIATION)
        elif (value == tags.DYNAMIC) != (tags.AMOUNT in by_tag) and not self._broken:
            message = "a code is dynamic (01 = 12) exactly when it has an amount (54)"
            self._problem("initiation", message, 47, tags.AMOUNT if tags.AMOUNT in by_tag else tags.POINT_OF_INITIATION)
        return value

    def _account(self, by_tag: dict[str, str], values: Values) -> Callable[..., Individual | Merchant] | None:
        is_individual, is_merchant = tags.INDIVIDUAL_ACCOUNT in by_tag, tags.MERCHANT_ACCOUNT in by_tag
        if is_individual == is_merchant:
            if is_individual or not self._broken:
                read = "both 29 and 30" if is_individual else "neither 29 nor 30"
                self._problem("account", f"carries {read}, expected exactly one", 5, tags.MERCHANT_ACCOUNT)
            return None
        tag = tags.MERCHANT_ACCOUNT if is_merchant else tags.INDIVIDUAL_ACCOUNT
        self._template(by_tag, tag, values)
        self._account_id(tag, values)
        if not is_merchant:
            return Individual
        for name, path, code in (("merchant_id", "30.01", 30), ("acquiring_bank", "30.02", 31)):
            if not values.setdefault(name, ""):
                self._problem("merchant-account", f"a merchant's code must carry {path} ({name})", code, tag)
        return Merchant

    def _account_id(self, tag: str, values: Values) -> None:
        account = values.setdefault("bakong_account_id", "")
        if not ACCOUNT.fullmatch(account):
            path = f"{tag}.00" if account else tag
            message = f"the account is {account!r}, expected user@bank"
            self._problem("account", message, 3 if account else 1, path)


def place(text: str, path: str) -> int | None:
    """The character where the tag of path begins, or None where it is not there."""
    start = 0
    for step, tag in enumerate(path.split(".")):
        try:
            objects = parse(text)
        except EMVError as error:
            objects = error.read
        data_object = next((each for each in objects if each.tag == tag), None)
        if data_object is None:
            return None
        start += data_object.offset + (4 if step else 0)
        text = data_object.value
    return start
