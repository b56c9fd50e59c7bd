"""A stand-in for any command: appends its arguments to the file RECORDED, as a line of JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    program, *arguments = sys.argv[1:]
    with Path(os.environ["RECORDED"]).open("a") as file:
        file.write(json.dumps([Path(program).name, *arguments]) + "\n")
