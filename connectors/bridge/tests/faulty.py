"""The example, but a file named `lose` in its folder makes it break off after it took an answer."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "example"))
sys.dont_write_bytecode = True

import bridge  # noqa: E402


class Faulty(bridge.Handler):
    def reply(self, status, told):
        lose = bridge.FOLDER / "lose"
        if self.asked.get("type") == "send" and lose.exists():
            lose.unlink()
            return
        super().reply(status, told)


bridge.Handler = Faulty
bridge.main(sys.argv[1:])
