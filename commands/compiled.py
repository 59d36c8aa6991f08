"""Serves the modules that `make fast` compiled in place of their sources, as long as they are of just these sources.

The sources stay what the program is: a compiled module is used only where `.compiled/manifest.json` bears the fingerprint of what
lies here now, for constants of one module are compiled into others. Nothing of the house is imported here, so that nothing comes
from its source before the compiled ones are asked for. DOORSTEP_COMPILED=0 leaves them aside.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from pathlib import Path
from types import ModuleType

#: The packages whose modules are compiled; all of them count in the fingerprint.
PACKAGES = ("flows", "engine", "adapters", "storage")
HOME = Path(__file__).absolute().parent.parent
FOLDER, MANIFEST = ".compiled", "manifest.json"


class Compiled:
    """A finder for sys.meta_path: names of modules to files of machine code."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self._folder = folder
        self.files = files

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self.files.get(name)
        if file is None:
            return None
        where = str(self._folder / file)
        return importlib.util.spec_from_file_location(name, where, loader=ExtensionFileLoader(name, where))


def fingerprint(home: Path = HOME) -> str:
    """Of every source that compiled code may hold a piece of, of how it is compiled, and of the Python that it is for."""
    seen = hashlib.sha256(EXTENSION_SUFFIXES[0].encode())
    rule = home / "commands" / "compiling.py"
    seen.update(rule.read_bytes() if rule.is_file() else b"")
    for package in PACKAGES:
        for folder, folders, files in os.walk(home / package):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(files):
                if name.endswith(".py"):
                    path = Path(folder, name)
                    raw = path.read_bytes()
                    seen.update(f"{path.relative_to(home).as_posix()} {len(raw)}\n".encode())
                    seen.update(raw)
    return seen.hexdigest()


class Damaged(Exception):
    """The manifest cannot be read: a disk that was full, a hand."""


def _kept(home: Path) -> tuple[str, dict[str, str]]:
    """(fingerprint, module -> its file) of what was compiled; ("", {}) where nothing was. Raises Damaged."""
    try:
        kept = json.loads((home / FOLDER / MANIFEST).read_bytes())
        return str(kept["fingerprint"]), dict(kept["modules"])
    except FileNotFoundError:
        return "", {}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Damaged from error


def made_of(home: Path = HOME) -> str:
    """The fingerprint of what the compiled modules were made of; "" where there are none that can be used."""
    try:
        return _kept(home)[0]
    except Damaged:
        return ""


def use(home: Path = HOME) -> bool:
    """Have the compiled modules used, where they are of these sources; says on stderr where they are not. To be called before any
    module of the house is imported; a second call changes nothing."""
    if in_use():
        return True
    if os.environ.get("DOORSTEP_COMPILED") == "0":
        return False
    try:
        made, files = _kept(home)
    except Damaged:
        print("The compiled modules cannot be read and are not used: make fast compiles them anew.", file=sys.stderr)
        return False
    if not made:
        return False
    if made != fingerprint(home):
        print(
            "The compiled modules are of other sources and are not used: make fast compiles them anew.", file=sys.stderr
        )
        return False
    sys.meta_path.insert(0, Compiled(home / FOLDER, files))
    return True


def in_use() -> int:
    """How many modules have machine code in use; 0: Python runs from the sources."""
    for finder in sys.meta_path:
        if isinstance(finder, Compiled):
            return sum(name.startswith(PACKAGES) for name in finder.files)  # the library they share is nobody's module
    return 0


def in_words() -> str:
    """The same as a line for people."""
    return f"{in_use()} modules are compiled" if in_use() else "Python runs it from the sources; make fast compiles it"
