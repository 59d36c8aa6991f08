"""The settings file as a tree of texts, with the line of every key.

YAML 1.2, read without guessing types: `NO`, `21:30` and `+34600000000` stay what was written, and each setting's own type
decides later what its text means. Only an unquoted null (or nothing) is no value.
"""

from __future__ import annotations

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.settings.faults import BadSettings, Fault, path

Tree = str | None | list["Tree"] | dict[str, "Tree"]

#: Far more than any settings file has; stops a file of aliases that unfolds without end.
_MOST_NODES = 50_000


class Document(Struct, frozen=True):
    """The file's content. `faults`: keys that stand twice, and the like."""

    tree: dict[str, Tree]
    lines: dict[str, int]
    faults: tuple[Fault, ...] = ()


def parse(text: str) -> Document:
    """The document of a YAML text. Raises BadSettings when it is no YAML, or no mapping at the top."""
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise BadSettings([_syntax(text, error)]) from error
    except YAMLError as error:
        raise BadSettings([Fault("(file)", None, "this is no YAML", str(error).splitlines()[0])]) from error
    if isinstance(root, SequenceNode):
        mend = "Take away the - before the names, or start from the config.yaml that came with it."
        raise BadSettings([Fault("(file)", 1, "the whole file is a list", mend)])
    if not isinstance(root, MappingNode):
        raise BadSettings(
            [Fault("(file)", 1, "there are no settings", "Start from the config.yaml that came with it.")]
        )
    reader = _Reader()
    tree = reader.mapping(root, ())
    return Document(tree, reader.lines, tuple(reader.faults))


def _syntax(text: str, error: MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    rows = text.splitlines()
    row = rows[line - 1] if line and line <= len(rows) else ""
    mend = "Look at the indentation, colons and quotes of this line and the one above."
    if "${" in row and "{" in row.replace("${", ""):
        mend = 'Inside { } a secret needs quotes: {auth_token: "${TWILIO_TOKEN}"}.'
    elif "\t" in row:
        mend = "Indent with spaces; YAML takes no tabs."
    return Fault("(file)", line, f"this is no YAML: {error.problem or error.context}", mend)


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.faults: list[Fault] = []
        self._count = 0
        self._open: set[int] = set()

    def mapping(self, node: MappingNode, loc: tuple[str | int, ...]) -> dict[str, Tree]:
        tree: dict[str, Tree] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self.faults.append(Fault(path(loc), line, "a name belongs before the colon", "Write name: value."))
                continue
            name, here = str(key.value), (*loc, str(key.value))
            if name in tree:
                first = self.lines[path(here)]
                self.faults.append(
                    Fault(path(here), line, f"it stands in line {first} already", "Keep one of the two.")
                )
                continue
            self.lines[path(here)] = line
            tree[name] = self.value(value, here)
        return tree

    def value(self, node: Node, loc: tuple[str | int, ...]) -> Tree:
        self._count += 1
        if self._count > _MOST_NODES or id(node) in self._open:
            raise BadSettings(
                [Fault(path(loc), node.start_mark.line + 1, "the file refers to itself", "Write it out.")]
            )
        if isinstance(node, ScalarNode):
            return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self.mapping(node, loc)
            return self.sequence(node, loc) if isinstance(node, SequenceNode) else None
        finally:
            self._open.discard(id(node))

    def sequence(self, node: SequenceNode, loc: tuple[str | int, ...]) -> list[Tree]:
        items: list[Tree] = []
        for index, item in enumerate(node.value):
            self.lines[path((*loc, index))] = item.start_mark.line + 1
            items.append(self.value(item, (*loc, index)))
        return items
