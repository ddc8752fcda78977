"""Everything the codec raises: PromptPayError, and of it EncodeError and DecodeError, each with its reason."""

from emvqr import Problem


class PromptPayError(ValueError):
    """The base. `reason` is the broken rule's name, such as "id_length"."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class EncodeError(PromptPayError):
    """A value that may not become a code."""


class DecodeError(PromptPayError):
    """A text that is no PromptPay code: its first fault, the character where it stands, and all its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = next(problem for problem in problems if not problem.is_warning)
        super().__init__(first.reason, first.message)
        self.at = first.at
        self.problems = problems
