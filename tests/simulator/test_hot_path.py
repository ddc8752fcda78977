"""The hot path stands without pydantic and FastAPI: what a call of the Open API needs imports neither."""

import subprocess
import sys

PROGRAM = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pydantic", "pydantic_core", "fastapi", "starlette"):
            raise ModuleNotFoundError(f"the hot path imports {name}")

sys.meta_path.insert(0, Absent())
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.worlds import Worlds
from bakong_simulator.wire.send import send_reply

world = Worlds(lambda: 1_770_768_000_000, SCHEMES).default
asked = Call("check_transaction_by_md5", "POST", world.state(BAKONG).registrations.issue(), b'{"md5":"%032d"}' % 0)
print(BAKONG.serve(world, world.state(BAKONG), asked).error_code, world.journal.total)
"""


def test_a_call_is_answered_where_pydantic_cannot_be_imported():
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "1 1\n"), done.stderr
