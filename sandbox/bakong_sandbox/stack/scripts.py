"""The scripts of every scheme that the sandbox plays."""

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.kernel.worlds import library_of

LIBRARY = library_of(SCHEMES)
