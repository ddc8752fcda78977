"""What ends the command line with one clear line and exit code 2."""


class SetupError(Exception):
    """A wrong option, or something in the surroundings that the command needs first."""
