"""What a test is told when the sandbox cannot do what it asked."""


class BakongError(AssertionError):
    """The sandbox refused what a test asked of it. The message says why."""


class ArgumentTypeError(BakongError, TypeError):
    """An argument of a type that the handle does not take."""


class ArgumentValueError(BakongError, ValueError):
    """An argument that means nothing, or more than one thing."""
