"""Stands where a command would be, and writes down how it was called: a line of JSON in the file RECORDED."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    program, *arguments = sys.argv[1:]
    with Path(os.environ["RECORDED"]).open("a") as file:
        file.write(json.dumps([Path(program).name, *arguments]) + "\n")
