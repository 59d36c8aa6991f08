"""Compile the lexicon and train the free-text classifier of flows.understand:  python -m bench.train_understand

Reads flows/understand/phrases/*.txt, examples/*.tsv and the lexicon, writes flows/understand/weights/{intents,forms}.votes. The same
files give the same bytes on every machine: integers only, and an order made from checksums instead of chance.
The learner is an averaged perceptron with a margin (Freund and Schapire 1999): mistakes and narrow wins move the
weights of the features seen; what ships is the average over all steps, in small integers, the smallest dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from zlib import crc32

from bench.compile_lexicon import HOME, compiled, tones
from flows.understand.features import features
from flows.understand.fold import fold, tokens
from flows.understand.lexicon import FORMS
from flows.understand.patterns import expand, sections
from flows.understand.votes import written

EPOCHS = 16
#: Votes by which the right label must win, of the order of the features of a short text; languages lie further apart.
MARGIN = {"intents": 200, "forms": 80}
STEP = 4  # votes per mistake
SCALE = 8  # the shipped weight of an average of one vote
SMALLEST = 40  # shipped weights below are noise of single phrases
PER_PATTERN = 16  # phrases taken of one pattern: a pattern with a thousand spellings is still one thought
PER_ROLE = 120  # phrases taken of one role of one lexicon file
#: What a role of the lexicon teaches the classifier.
ROLE_INTENT = {
    **{role: role for role in ("yes", "no", "cancel", "not_me", "call_me", "human", "later", "order_status")},
    **{role: role for role in ("discount", "thanks", "greeting", "stop", "start", "help")},
    "affirm": "yes",
    "send": "yes",
    "ok": "yes",
    "stop_all": "stop",
    "if": "unclear",
    "maybe": "unclear",
}

#: Reasons that by themselves say that the order is not wanted.
GIVES_UP = ("reason:changed_mind", "reason:ordered_elsewhere")

Example = tuple[tuple[str, ...], int]


def mixed(items: Iterable[str], salt: str) -> list[str]:
    """The items in an order that depends on nothing but themselves and the salt."""
    return sorted(items, key=lambda item: (crc32(f"{salt}\0{item}".encode()), item))


def lexicon_phrases(form: str) -> Iterable[tuple[str, str]]:
    """(intent, phrase) of one lexicon file."""
    by_role: dict[str, dict[str, None]] = defaultdict(dict)
    for role, pattern in sections((HOME / "lexicon" / f"{form}.txt").read_text("utf-8")):
        intent = "cancel" if role in GIVES_UP else ROLE_INTENT.get(role)
        if intent:
            by_role[intent].update(dict.fromkeys(expand(pattern)))
    for intent, phrases in by_role.items():
        for phrase in mixed(phrases, intent)[:PER_ROLE]:
            yield intent, phrase


def written_phrases(form: str) -> Iterable[tuple[str, str]]:
    """(intent, phrase) of one phrases file."""
    path = HOME / "phrases" / f"{form}.txt"
    if not path.exists():
        return
    for intent, pattern in sections(path.read_text("utf-8")):
        most, line = PER_PATTERN, pattern
        if pattern.startswith("{"):
            number, _, line = pattern[1:].partition("}")
            most = int(number)
        for phrase in mixed(dict.fromkeys(expand(line)), intent)[:most]:
            yield intent, phrase


def written_examples(form: str) -> Iterable[tuple[str, str]]:
    """(intent, text) of one examples file: whole messages as customers write them, one a line."""
    path = HOME / "examples" / f"{form}.tsv"
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        if line[:1] != "#":
            intent, _, text = line.partition("\t")
            yield intent, text


def learn(examples: list[tuple[str, tuple[str, ...]]], labels: list[str], margin: int) -> dict[str, dict[int, int]]:
    """Feature -> label -> averaged weight, scaled to integers."""
    place = {label: at for at, label in enumerate(labels)}
    weights: dict[str, list[int]] = {}
    totals: dict[str, list[int]] = {}
    size = len(labels)
    step = 0
    for epoch in range(EPOCHS):
        order = sorted(range(len(examples)), key=lambda at: (crc32(f"{epoch}\0{at}".encode()), at))
        for at in order:
            step += 1
            label, found = examples[at]
            right = place[label]
            rows = [weights[feature] for feature in found if feature in weights]
            scores = [sum(column) for column in zip(*rows, strict=True)] if rows else [0] * size
            mine = scores[right]
            scores[right] = -(1 << 30)
            best = max(range(size), key=scores.__getitem__)
            if mine - scores[best] >= margin:
                continue
            for feature in found:
                row = weights.setdefault(feature, [0] * size)
                total = totals.setdefault(feature, [0] * size)
                row[right] += STEP
                row[best] -= STEP
                total[right] += STEP * step
                total[best] -= STEP * step
    out: dict[str, dict[int, int]] = {}
    for feature, row in weights.items():
        total = totals[feature]
        averaged = {
            at: ((step + 1) * row[at] - total[at]) * SCALE // (step + 1) for at in range(size) if row[at] or total[at]
        }
        kept = {at: weight for at, weight in averaged.items() if abs(weight) >= SMALLEST}
        if kept or (feature[0] != "~" and " " not in feature):  # a word stays known even without a vote
            out[feature] = kept
    return out


Taught = dict[tuple[str, str], None]


def taught(kept_aside: Callable[[str], bool] = lambda text: False) -> tuple[Taught, Taught]:
    """What teaches the intents, and what teaches the languages: (label, phrase), each once. Of the examples all but `kept_aside`."""
    intents: Taught = {}
    forms: Taught = {}
    for form in FORMS:
        for intent, phrase in [*lexicon_phrases(form), *written_phrases(form)]:
            intents[(intent, phrase)] = None
            forms[(form, phrase)] = None
        for intent, text in written_examples(form):
            if not kept_aside(text):  # and no language: customers mix them, and "after 18:00" would be Filipino
                intents[(intent, text)] = None
    return intents, forms


def table(name: str, pairs: Taught) -> tuple[bytes, str]:
    """The learnt votes, `intents` or `forms`, as they ship; and how many phrases and features they are made of."""
    examples = [(label, tuple(dict.fromkeys(features(tokens(fold(phrase)))))) for label, phrase in pairs]
    labels = sorted({label for label, _ in examples}) if name == "intents" else list(FORMS)
    weights = learn(examples, labels, MARGIN[name])
    return written(labels, weights), f"{len(examples)} phrases, {len(weights)} features"


def main() -> None:
    text = compiled(FORMS)
    (HOME / "weights" / "lexicon.tsv").write_text(text, "utf-8")
    (HOME / "weights" / "tones.tsv").write_text(tones(FORMS), "utf-8")
    print(f"lexicon.tsv: {text.count(chr(10))} phrases, {len(text.encode())} bytes")
    for name, pairs in zip(("intents", "forms"), taught(), strict=True):
        votes, made_of = table(name, pairs)
        (HOME / "weights" / f"{name}.votes").write_bytes(votes)
        print(f"{name}.votes: {made_of}, {len(votes)} bytes")


if __name__ == "__main__":
    main()
