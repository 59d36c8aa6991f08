"""Compiles the hot modules to machine code with mypyc: `python -m commands.compiling`, which `make fast` runs.

The code stays plain Python; what is compiled behaves as its source does. Which modules: every one of flows, engine, adapters and
storage that mypyc can take without changing what it means, by the rule of `chosen`. The result lies in .compiled/, which
commands/compiled.py has used at the next start; it is built aside and moved there when it is whole.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import json
import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from commands.compiled import FOLDER, HOME, MANIFEST, PACKAGES, fingerprint, made_of

#: What may inherit from classes of the house, and is never compiled itself.
BESIDE = ("bot", "commands", "sandbox")
#: Modules that the rule would take and that stay Python, each with its reason.
STAY: dict[str, str] = {}
#: The shared library in which all of them lie; each module's own file only opens it.
GROUP = "doorstep"


class Cannot(Exception):
    """Something to compile with is missing. Its words say what to install."""


class Module:
    """A source, and what its classes are made of."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        tree = ast.parse(path.read_text())
        nodes = list(ast.walk(tree))
        self.classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        self.works = bool(functions)
        self.streams = any(isinstance(each, ast.AsyncFunctionDef) and _yields(each) for each in functions)
        self._imported: dict[str, tuple[str, str]] = {}  # name here -> (module, name there)
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                for each in node.names:
                    self._imported[each.asname or each.name] = node.module, each.name
        self.signed = any(module.startswith("pydantic") for module, _ in self._imported.values())

    def bases(self, name: str) -> Iterator[tuple[str, str]]:
        """(module, class) of each base of a class here."""
        for base in self.classes[name].bases:
            whole = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
            first, _, last = whole.rpartition(".")
            if first:
                yield ".".join(self._imported.get(first, ("", first))).lstrip("."), last
            else:
                yield (self.name, whole) if whole in self.classes else self._imported.get(whole, ("builtins", whole))

    def plain(self, known: dict[str, Module]) -> bool:
        """Whether mypyc keeps the meaning of every class here."""
        return not any(
            node.keywords or node.decorator_list or foreign(self, name, known) for name, node in self.classes.items()
        )


def _yields(function: ast.AsyncFunctionDef) -> bool:
    return any(isinstance(node, ast.Yield) for node in ast.walk(function))


def foreign(module: Module, name: str, known: dict[str, Module]) -> bool:
    """Whether the class has a base that is neither the house's nor an exception of Python's."""
    for of, base in module.bases(name):
        if of in known and base in known[of].classes:
            if foreign(known[of], base, known):
                return True
        elif of != "builtins" or not issubclass(getattr(builtins, base, object), BaseException):
            return True
    return False


def modules(home: Path, packages: tuple[str, ...]) -> dict[str, Module]:
    found = {}
    for package in packages:
        for path in sorted((home / package).rglob("*.py")):
            name = ".".join(path.relative_to(home).with_suffix("").parts)
            found[name] = Module(name, path)
    return found


def chosen(home: Path = HOME) -> list[Module]:
    """The modules to compile: those of functions and plain classes. One stays Python

    - whose classes have keywords or a base from outside the house: mypyc drops what their makers do (Structs, named tuples, protocols)
    - which hands functions to pydantic, that reads their signatures
    - where an async function yields, of which mypyc has none
    - where a module that stays Python inherits from its classes
    """
    ours = modules(home, PACKAGES)
    every = ours | modules(home, BESIDE)
    taken = {
        name: module
        for name, module in ours.items()
        if module.path.name != "__init__.py"
        and name not in STAY
        and module.works
        and not module.streams
        and not module.signed
        and module.plain(ours)
    }
    while True:
        heirs = (module for name, module in every.items() if name not in taken)
        wanted = {of for module in heirs for name in module.classes for of, _ in module.bases(name)}
        if wanted.isdisjoint(taken):
            return list(taken.values())
        taken = {name: module for name, module in taken.items() if name not in wanted}


def ready() -> None:
    """Raises Cannot."""
    if find_spec("mypyc") is None or find_spec("setuptools") is None:
        raise Cannot("mypy is not installed here: make fast installs it (or: pip install -r requirements-fast.lock).")
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        raise Cannot(f"There is no C compiler ({compiler}). Install one (Debian: apt install gcc).")
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        raise Cannot("Python's header files are missing. Install them (Debian: apt install python3-dev).")


def in_c(home: Path, sources: list[Module], aside: Path) -> list[Any]:
    """The modules as extensions in C. What mypyc remarks is told only where it gives up: it warns of each generator that it makes at
    once into a list, as any(...) and next(...) have it."""
    from mypyc.build import mypycify

    remarks = io.StringIO()
    try:
        with contextlib.redirect_stdout(remarks):
            return mypycify(
                ["--config-file", "pyproject.toml", *(str(module.path.relative_to(home)) for module in sources)],
                opt_level="2",
                debug_level="0",
                multi_file=True,
                group_name=GROUP,
                target_dir=str(aside / "c"),
            )
    except BaseException:
        print(remarks.getvalue(), file=sys.stderr)
        raise


def build(home: Path, sources: list[Module], aside: Path) -> dict[str, str]:
    """Compile into `aside`; gives module -> file there."""
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    class AtOnce(build_ext):  # type: ignore[misc]
        """Compiles on every core: setuptools would do so with extensions, and all of these modules are one."""

        def build_extensions(self) -> None:
            compile_one, link = self.compiler._compile, self.compiler.link_shared_object
            under_way: list[Future[None]] = []

            def linked(*args: object, **more: object) -> None:
                while under_way:
                    under_way.pop().result()
                link(*args, **more)

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                self.compiler._compile = lambda *args: under_way.append(pool.submit(compile_one, *args))
                self.compiler.link_shared_object = linked
                super().build_extensions()

    command = AtOnce(Distribution({"name": GROUP, "ext_modules": in_c(home, sources, aside)}))
    command.build_lib, command.build_temp = str(aside / "lib"), str(aside / "o")
    command.ensure_finalized()
    command.run()
    return {each.name: command.get_ext_filename(each.name) for each in command.extensions}


def compile_all(home: Path = HOME) -> int:
    """Build aside, move in at the end; gives how many modules. Raises Cannot."""
    ready()
    of = fingerprint(home)
    sources = chosen(home)
    print(f"Compiling {len(sources)} modules: one to three minutes ...", flush=True)
    aside = home / f"{FOLDER}.new"
    shutil.rmtree(aside, ignore_errors=True)
    files = build(home, sources, aside)
    lib = aside / "lib"
    manifest = {"fingerprint": of, "modules": dict(sorted(files.items()))}
    (lib / MANIFEST).write_text(json.dumps(manifest, indent=1))
    shutil.rmtree(home / FOLDER, ignore_errors=True)
    lib.rename(home / FOLDER)
    shutil.rmtree(aside)
    return len(sources)


def main() -> None:
    os.chdir(HOME)
    if made_of() == fingerprint():
        print("The compiled modules are of these sources already.")
        return
    begin = time.monotonic()
    try:
        count = compile_all()
    except Cannot as missing:
        print(f"Nothing was compiled. {missing}", file=sys.stderr)
        raise SystemExit(1) from None
    print(f"{count} modules are compiled, in {time.monotonic() - begin:.0f} s; they are used from the next start on.")


if __name__ == "__main__":
    main()
