"""Starts one process and writes down what it took. Imports next to nothing: a small process must be its parent.

Linux counts what a process held before it became another program, which is the memory of the one that started it.

Run as `python -S launcher.py RESULT COMMAND...`.
"""

import json
import os
import subprocess
import sys
import time


def main() -> None:
    """Runs the command; its output is ours."""
    result, *command = sys.argv[1:]
    started = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    taken = {"seconds": time.perf_counter() - started, "peak_kib": usage.ru_maxrss}
    process.returncode = os.waitstatus_to_exitcode(status)
    with open(result, "w") as file:  # noqa: PTH123 - pathlib is one of the imports that it does without
        json.dump({**taken, "code": process.returncode}, file)


if __name__ == "__main__":
    main()
