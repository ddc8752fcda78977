"""What ends the command line with one clear line and exit code 2."""


class SetupError(Exception):
    """Something in the surroundings or the options that has to be put right first."""
