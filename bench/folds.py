"""How sure the classifier's confidence is, and whether its figures hang on single messages:  python -m bench.folds

Five classifiers learn everything but another fifth of the examples (by checksum of the text), as bench.train_understand does: a quarter of
an hour on two cores. Each reads the English messages of its fifth, which it has not learnt, with no question asked; and the public sets,
as `make eval` does. Printed: how often a guess of so much confidence is right, from which flows/understand/parts.py has its limits; and the
figures of each of the five on the public sets, at the limits as they ship.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from flows.understand.votes import VotesTable

FOLDS = 5
INTENTS = ("cancel", "discount", "change_address", "order_status", "complaint", "human")
#: Guesses are counted from one of these confidences to the next.
STEPS = (0.72, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.985, 0.99, 0.995)

Counts = Counter[tuple[str, float, bool]]


def learn(fold: int, to: Path) -> None:
    """The votes of a classifier that has not seen its fifth."""
    from bench.train_understand import table, taught

    intents, _ = taught(lambda text: crc32(text.encode()) % FOLDS == fold)
    to.write_bytes(table("intents", intents)[0])


def read(fold: int, votes: Path) -> tuple[Counts, str]:
    """How often guesses at messages of its fifth are right, by intent and confidence; and what `make eval` says of the named intents."""
    from contextlib import redirect_stdout
    from io import StringIO

    from bench import eval as figures
    from bench.train_understand import written_examples
    from flows.understand import classify, parts, understand
    from flows.understand.fold import fold as fold_text
    from flows.understand.votes import VotesTable

    _put(classify, VotesTable(votes.read_bytes()))
    said = StringIO()
    if figures.TEXT.is_dir():
        with redirect_stdout(said):
            figures.named_intents([])
    parts._UNASKED_FROM.clear()
    # out of reach: what is named all the same is borne out by a phrase
    said_anyway = dict.fromkeys(parts._UNASKED_UNSAID_FROM, 2.0)
    counts: Counts = Counter()
    examples = {(intent, text): crc32(text.encode()) % FOLDS == fold for intent, text in written_examples("en")}
    learnt = {fold_text(text) for (_, text), own in examples.items() if not own}
    for (intent, text), own in examples.items():
        if own and fold_text(text) not in learnt:
            parts._UNASKED_UNSAID_FROM.clear()
            heard = understand(text)
            parts._UNASKED_UNSAID_FROM.update(said_anyway)
            if heard.intent in said_anyway and understand(text).intent == heard.intent:
                continue  # a phrase says so: no limit is asked
            if heard.intent in INTENTS and heard.confidence >= STEPS[0]:
                step = max(step for step in STEPS if step <= heard.confidence)
                counts[heard.intent, step, heard.intent == intent] += 1
    return counts, said.getvalue()


def _put(classify: Any, table: VotesTable) -> None:
    """Have the classifier read by these votes instead of those that ship."""
    classify.INTENTS, classify.INTENT_LABELS, classify._INTENTS = table, table.labels, classify._Count(table)
    classify._QUESTION, classify._UNCLEAR = table.labels.index("question"), table.labels.index("unclear")
    classify._heard.cache_clear()


def _one(fold: int, folder: Path) -> tuple[Counts, str]:
    """In processes of its own: a classifier is learnt and loaded once in each."""
    votes, result = folder / f"{fold}.votes", folder / f"{fold}.pickle"
    environment = {**os.environ, "DOORSTEP_COMPILED": "0"}
    for task, to in (("learn", votes), ("read", result)):
        subprocess.run([sys.executable, "-m", "bench.folds", task, str(fold), str(to)], check=True, env=environment)
    counts, said = pickle.loads(result.read_bytes())
    print(f"fold {fold + 1} of {FOLDS} is learnt and read", flush=True)
    return counts, said


def _share(right: int, wrong: int) -> str:
    return f"{right}/{right + wrong} = {right / (right + wrong):.2f}" if right + wrong else "-"


def main() -> None:
    with tempfile.TemporaryDirectory() as made, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = list(pool.map(lambda fold: _one(fold, Path(made)), range(FOLDS)))
    counts: Counts = sum((each for each, _ in results), Counter())
    print("Guesses at messages not learnt that are right, by confidence (from the one given to the next)")
    print(f"{'':9}" + "".join(f"{intent:>20}" for intent in (*INTENTS, "together")))
    for step in STEPS:
        each = [(counts[intent, step, True], counts[intent, step, False]) for intent in INTENTS]
        each.append((sum(right for right, _ in each), sum(wrong for _, wrong in each)))
        print(f"{step:<9}" + "".join(f"{_share(*pair):>20}" for pair in each))
    for fold, (_, said) in enumerate(results, start=1):
        print(f"Public sets, without fifth {fold}")
        print("\n".join(line for line in said.splitlines() if " precision " in line).split("\n  HINT3 cancel")[0])


if __name__ == "__main__":
    if len(sys.argv) == 4:
        task, number, where = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
        if task == "learn":
            learn(number, where)
        else:
            where.write_bytes(pickle.dumps(read(number, where.with_suffix(".votes"))))
    else:
        main()
