"""What can stop a load test before it has a verdict. The message says what was read, and what was expected."""


class LoadError(Exception):
    """The run cannot be made: a wrong setting, or a target that does not answer."""
