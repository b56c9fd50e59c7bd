"""`python tools/engine` gets the Pulumi engine.

The engine starts its language host and the stand-in provider through this file too, from whatever folder it is in.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # the repository, so that this folder is `tools.engine`

match sys.argv[1:]:
    case ["language-host", *_, engine_address]:
        from tools.engine import language_host

        language_host.run(engine_address)
    case ["provider-standin", *_]:
        from tools.engine import standin

        standin.run()
    case _:
        from tools.engine.command import engine

        engine(prog_name="python tools/engine")
