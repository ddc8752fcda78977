"""Errors of the control API's callers that belong to no other module."""


class BodyError(ValueError):
    """A body whose values do not go together. The message says what was read and what was expected."""


class UnknownPaymentError(LookupError):
    """An md5 that a world does not know."""


class UnknownTokenError(LookupError):
    """A token that a world has not issued."""
