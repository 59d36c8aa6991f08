"""The project's own labelled replies: tests/flows/understand/replies/<form>.tsv, one reply a line.

    kind<TAB>prompt<TAB>intent<TAB>text

`kind` is `clear` (a person would act on it) or `open` (a person would ask again; no sure decision is right).
`intent` may carry further parts: `yes+change_time`. An empty prompt is none. Lines that start with # are comments.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from msgspec import Struct

from bench.compile_lexicon import source_entries
from bench.train_understand import written_examples
from flows.understand.fold import fold, tokens
from flows.understand.lexicon import FORMS
from flows.understand.patterns import expand, sections

HOME = Path(__file__).parent.parent / "tests" / "flows" / "understand" / "replies"
#: Replies by writers who saw neither phrases nor tests, read once when the classifier was finished; nothing is mended with them.
STRANGERS = HOME.parent / "strangers"
PHRASES = Path(__file__).parent.parent / "flows" / "understand" / "phrases"


class Reply(Struct, frozen=True):
    """One reply with what a person who reads the language says it means."""

    lang: str
    prompt: str | None
    intent: str
    parts: tuple[str, ...]
    text: str
    clear: bool


def load_replies(form: str, home: Path = HOME) -> list[Reply]:
    """The labelled replies of one language form; empty where it has none."""
    path = home / f"{form}.tsv"
    if not path.exists():
        return []
    out = []
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, prompt, intents, text = line.split("\t", 3)
            intent, *parts = intents.split("+")
            out.append(Reply(form.split("_")[0], prompt or None, intent, tuple(parts), text, kind == "clear"))
    return out


@cache
def _known() -> frozenset[str]:
    """Every lexicon entry, training phrase and example, marks apart."""
    entries = frozenset(" ".join(words) for form in FORMS for words in source_entries(form))
    return (
        entries
        | frozenset(
            " ".join(tokens(fold(phrase)))
            for form in FORMS
            for path in [PHRASES / f"{form}.txt"]
            if path.exists()
            for _, pattern in sections(path.read_text("utf-8"))
            for phrase in expand(pattern.partition("}")[2] if pattern.startswith("{") else pattern)
        )
        | frozenset(" ".join(tokens(fold(text).strip(" .!?,"))) for form in FORMS for _, text in written_examples(form))
    )


def seen_before(text: str) -> bool:
    """Whether a text is a lexicon entry or a training phrase once both are normalised, marks at its ends apart."""
    return " ".join(tokens(fold(text).strip(" .!?,"))) in _known()
