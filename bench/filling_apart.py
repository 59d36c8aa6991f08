"""bench.filling in a process of its own and from the sources: its Filling inherits from the store, which no class in Python can do from
a compiled one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys


def fill_apart(path: str, key: bytes, orders: int) -> None:
    """See bench.filling.fill. Raises CalledProcessError."""
    command = [sys.executable, "-m", "bench.filling_apart", path, key.hex(), str(orders)]
    subprocess.run(command, env=os.environ | {"DOORSTEP_COMPILED": "0"}, check=True)


if __name__ == "__main__":
    from bench.filling import fill

    asyncio.run(fill(sys.argv[1], bytes.fromhex(sys.argv[2]), int(sys.argv[3])))
