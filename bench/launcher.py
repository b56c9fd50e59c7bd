"""Start one process, and record its time and memory. Run as `python -S launcher.py RESULT COMMAND...`.

It imports almost nothing, because the parent of a measured process must be small: Linux counts the memory of the parent
that the process had before it became another program.
"""

import json
import os
import subprocess
import sys
import time


def main() -> None:
    """Run the command with this process's output."""
    result, *command = sys.argv[1:]
    started = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    with open(result, "w") as file:  # noqa: PTH123 - avoids the import of pathlib
        json.dump({"seconds": seconds, "peak_kib": usage.ru_maxrss, "code": process.returncode}, file)


if __name__ == "__main__":
    main()
