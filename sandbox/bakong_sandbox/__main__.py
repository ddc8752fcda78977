"""`python -m bakong_sandbox`: the command, where no folder of commands is on the path."""

from bakong_sandbox.cli.program import main

main()
