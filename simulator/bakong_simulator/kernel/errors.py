"""Errors of the control API's callers that belong to no other module."""


class BodyError(ValueError):
    """A body whose values do not go together. The message says what was read and what was expected."""


class ScanError(ValueError):
    """A text that no wallet would pay. The message says what is wrong."""


class UnknownPaymentError(LookupError):
    """A reference that a world does not know."""


class UnknownSchemeError(LookupError):
    """A name that no scheme of the world bears."""


class UnknownTokenError(LookupError):
    """A token that a world has not issued."""


class NoServiceError(LookupError):
    """No payment service was started beside the simulator."""


class ServiceDownError(Exception):
    """The payment service beside the simulator does not answer."""
