"""Which rule of a codec names a cause better, where a bug breaks several; the others are listed under it. Data alone.

A rule's id, globs allowed, and the headline. The first that fits counts; a headline may itself follow from another.
"""

WHOLE = ("khqr.nbc.*", "khqr.fields.lookalikes", "khqr.encode.memory")  # compare whole codes: any bug shows in them
PARTS = (
    *("tlv.lengths", "tlv.fixed", "tlv.characters", "tlv.once", "tlv.order", "tlv.empty", "crc.padded", "crc.upper"),
    *("crc.value", "crc.bytes", "md5.whole", "initiation", "amount.zero", "amount.khr", "amount.usd"),
    *("amount.usd-decimals", "amount.plain", "currency", "defaults", "expiry.present", "expiry.value"),
    *("expiry.milliseconds", "expiry.creation", "static.no-timestamp", "account.template", "fields.kept"),
    *("fields.spaces", "language", "unionpay", "order.nbc", "limits.full", "limits.khmer", "fields.unicode"),
    *("account.kept", "expiry.past"),
)

CAUSES: tuple[tuple[str, str], ...] = (
    # Tags and lengths: who cannot follow them finds nothing.
    ("khqr.tlv.lengths", "khqr.crc.padded"),
    ("khqr.[!cdev]*", "khqr.tlv.lengths"),
    ("khqr.currency", "khqr.tlv.lengths"),
    ("khqr.expiry.*", "khqr.tlv.lengths"),
    ("khqr.tlv.order", "khqr.tlv.fixed"),
    ("khqr.crc.value", "khqr.tlv.order"),
    ("khqr.order.nbc", "khqr.tlv.order"),
    ("khqr.fields.unicode", "khqr.tlv.characters"),
    ("khqr.language*", "khqr.tlv.characters"),
    ("khqr.limits.khmer", "khqr.tlv.characters"),
    ("khqr.crc.bytes", "khqr.crc.padded"),
    ("khqr.crc.bytes", "khqr.crc.value"),
    ("khqr.fields.emoji", "khqr.crc.value"),
    ("khqr.fields.emoji", "khqr.crc.bytes"),
    # What a field holds.
    ("khqr.amount.[bpu]*", "khqr.amount.khr"),
    ("khqr.amount.[bp]*", "khqr.amount.usd"),
    ("khqr.amount.usd-decimals", "khqr.amount.usd"),
    ("khqr.amount.plain", "khqr.amount.usd-decimals"),
    ("khqr.amount.bounds", "khqr.amount.plain"),
    ("khqr.amount.khr-decimals", "khqr.amount.plain"),
    ("khqr.defaults", "khqr.currency"),
    ("khqr.tlv.characters", "khqr.account.template"),
    ("khqr.limits.*", "khqr.fields.mobile"),
    ("khqr.fields.kept", "khqr.defaults"),
    ("khqr.fields.[semu]*", "khqr.fields.kept"),
    ("khqr.fields.unicode", "khqr.fields.spaces"),
    ("khqr.tlv.characters", "khqr.fields.kept"),
    ("khqr.limits.*", "khqr.fields.kept"),
    ("khqr.limits.*", "khqr.account.template"),
    ("khqr.limits.*", "khqr.unionpay"),
    # How much of it.
    ("khqr.encode.takes-valid", "khqr.limits.full"),
    ("khqr.encode.takes-valid", "khqr.limits.khmer"),
    ("khqr.language*", "khqr.limits.full"),
    ("khqr.language*", "khqr.limits.khmer"),
    ("khqr.account.*", "khqr.limits.full"),
    ("khqr.limits.[kt]*", "khqr.limits.full"),
    ("khqr.limits.over", "khqr.limits.template"),
    ("khqr.limits.khmer", "khqr.limits.over"),
    ("khqr.language.limits", "khqr.limits.over"),
    ("khqr.account.form", "khqr.limits.over"),
    *((whole, f"khqr.{part}") for whole in WHOLE for part in PARTS),
    ("khqr.nbc.vectors", "khqr.nbc.bytes"),
    # Reading.
    ("khqr.verify.hostile", "khqr.decode.hostile"),
    ("khqr.verify.crc", "khqr.decode.crc"),
    ("khqr.verify.trailing", "khqr.verify.crc"),
    ("khqr.verify.expired", "khqr.verify.crc"),
    ("khqr.decode.[wd]*", "khqr.decode.fields"),
    ("khqr.verify.dialects", "khqr.decode.unknown-tags"),
    ("khqr.decode.duplicates", "khqr.verify.duplicates"),
    ("khqr.verify.values", "khqr.verify.needs"),
)
