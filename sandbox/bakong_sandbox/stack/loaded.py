"""What a program has loaded when it is up: kept out of the collector's way."""

import gc


def keep_what_is_loaded() -> None:
    """To be called once a program is up: what was loaded stays, and the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
