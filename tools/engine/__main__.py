"""`python tools/engine`: get the Pulumi engine.

The engine also starts its language host and the stand-in provider through this file, from any folder.
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
        from tools.engine import get_engine

        sys.exit(get_engine.main())
