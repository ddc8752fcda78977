"""The checksum of tag 63. Knows bytes, not tags' meanings."""

from binascii import crc_hqx

CRC_PREFIX = "6304"


def crc16(text: str) -> str:
    """Four upper-case hex digits over the UTF-8 bytes of text, which ends in "6304".

    CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF (EMVCo MPM, tag 63).

    >>> crc16("123456789")
    '29B1'
    """
    return crc16_of(text.encode())


def crc16_of(payload: bytes) -> str:
    """The same over bytes, for whom the text's encoding is a question of its own."""
    return f"{crc_hqx(payload, 0xFFFF):04X}"


def seal(text: str) -> str:
    """Return text with tag 63, its length and the checksum over both appended."""
    open_text = text + CRC_PREFIX
    return open_text + crc16(open_text)
