"""Which rule names each fault of the third set, the first that broke; and why some are named by none."""

NAMED: dict[str, str] = {}
NOT_OWED: dict[str, str] = {}
