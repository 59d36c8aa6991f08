"""How well customers are understood, in figures:  python -m bench.eval [--misses]

Public sets come from ../shared/data where that folder exists (nothing of them is in this repository; what was seen of them
while phrases were written says docs/conversation.md); our own labelled replies from tests/flows/understand. Each
figure is printed with its n and a 95 % Wilson interval.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from math import sqrt
from pathlib import Path

from bench.replies import HOME, STRANGERS, Reply, load_replies, seen_before
from flows.understand import DECISIONS, LANGUAGES, understand
from flows.understand.lexicon import FORMS, UNREVIEWED

ROOT = Path(__file__).parent.parent
TEXT = ROOT.parent / "shared" / "data" / "text"
SHOP_TALK = HOME.parent / "shop_talk"
HINT3 = {
    "CANCEL_ORDER": "cancel",
    "OFFERS": "discount",
    "MODIFY_ADDRESS": "change_address",
    "ORDER_STATUS": "order_status",
}
#: Rows that a shop would answer like an order status, whatever their label: left out of its figure.
HINT3_LEFT_OUT = {"order_status": ("DELAY_", "RESUME_DELIVERY", "ORDER_QUERY")}
BITEXT = {"complaint": "complaint", "contact_human_agent": "human"}
CLINC_ANSWERS = {"yes", "no", "maybe", "cancel", "cancel_reservation"}

Labelled = list[tuple[str, str]]


def interval(hits: int, n: int) -> str:
    """`hits/n = share [low, high]`, the interval after Wilson at 95 %."""
    if not n:
        return "n=0"
    z, share = 1.96, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{hits}/{n} = {share:.4f} [{max(0.0, middle - half):.4f}, {min(1.0, middle + half):.4f}]"


@cache
def clinc() -> Labelled:
    return [(text, label) for text, label in json.loads((TEXT / "clinc150" / "train.json").read_text())["train"]]


@cache
def hint3(name: str) -> Labelled:
    with (TEXT / "hint3-train" / f"{name}_train.csv").open(encoding="utf-8", newline="") as lines:
        return [(row["sentence"], row["label"]) for row in csv.DictReader(lines)]


@cache
def bitext() -> Labelled:
    path = next((TEXT / "bitext").glob("*.csv"))
    with path.open(encoding="utf-8", newline="") as lines:
        return [(row["instruction"], row["intent"]) for row in csv.DictReader(lines)]


def no_answers() -> Iterator[str]:
    """The texts of the public sets that answer no question of ours."""
    yield from (text for text, label in clinc() if label not in CLINC_ANSWERS)
    for name in ("curekart", "sofmattress"):
        yield from (text for text, label in hint3(name) if label != "CANCEL_ORDER")
    yield from (text for text, label in bitext() if label != "cancel_order")


def false_decisions(misses: list[str]) -> None:
    n = wrong = 0
    for text in no_answers():
        n += 1
        understood = understand(text, prompt="confirm")
        if understood.sure and understood.intent in DECISIONS:
            wrong += 1
            misses.append(f"no answer, read as a sure {understood.intent}: {text}")
    print(f"  read as a sure yes, no or cancel: {interval(wrong, n)}")


def yes_and_no(misses: list[str]) -> None:
    right: dict[str, bool] = {}
    with (TEXT / "glibc-yesno" / "yesno_by_locale.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            lang = {"tl": "fil"}.get(row["locale"].split("_")[0], row["locale"].split("_")[0])
            if lang not in LANGUAGES or not row["yesstr"] or not row["nostr"] or row["locale"] == "en_ZM":
                continue  # en_ZM has the words of Bemba
            for word, meaning in ((row["yesstr"], "yes"), (row["nostr"], "no")):
                understood = understand(word, prompt="confirm", lang=lang)
                good = understood.intent == meaning and understood.sure
                right[lang] = right.get(lang, True) and good
                if not good:
                    misses.append(f"glibc {row['locale']}: {word} is {meaning}, read as {understood.intent}")
    print(f"  languages with their yes and no right: {interval(sum(right.values()), len(right))}")


def precision_and_recall(name: str, rows: Labelled, label: str, intent: str, misses: list[str]) -> None:
    left_out = HINT3_LEFT_OUT.get(intent, ())
    rows = [row for row in rows if not row[1].startswith(left_out) or not left_out]
    named = [(text, given) for text, given in rows if understand(text).intent == intent]
    hits = sum(given == label for _, given in named)
    wanted = sum(given == label for _, given in rows)
    misses += [f"{name}: taken for {intent}, is {given}: {text}" for text, given in named if given != label]
    found = {text for text, _ in named}
    misses += [f"{name}: {intent} missed: {text}" for text, given in rows if given == label and text not in found]
    print(f"  {name} {intent}: precision {interval(hits, len(named))}, recall {interval(hits, wanted)}")


def named_intents(misses: list[str]) -> None:
    both = hint3("curekart") + hint3("sofmattress")
    for label, intent in HINT3.items():
        precision_and_recall("HINT3", both, label, intent, misses)
    for label, intent in BITEXT.items():
        precision_and_recall("Bitext", bitext(), label, intent, misses)
    fresh = [row for row in both if not seen_before(row[0])]
    print(
        f"  of HINT3's {len(both)} rows {len(both) - len(fresh)} equal a word list's entry, a phrase or an example; without them:"
    )
    for label, intent in HINT3.items():
        precision_and_recall("HINT3", fresh, label, intent, [])


def shop_talk(misses: list[str]) -> None:
    """The same intents in three sets of our own, by people who had seen neither phrases nor public sets."""
    for name in ("first", "second", "third"):
        lines = (SHOP_TALK / f"{name}.tsv").read_text("utf-8").splitlines()
        rows = [(text, label) for label, _, text in (line.partition("\t") for line in lines if line[:1] != "#")]
        print(
            f"  {name} set: {len(rows)} texts, {sum(seen_before(text) for text, _ in rows)} equal to a known phrase or example"
        )
        for intent in dict.fromkeys((*HINT3.values(), *BITEXT.values())):
            precision_and_recall(f"shop talk {name}", rows, intent, intent, misses)


def judge(reply: Reply) -> tuple[bool, bool]:
    """(sure and right, a wrong sure decision) of one labelled reply."""
    got = understand(reply.text, prompt=reply.prompt, lang=reply.lang)
    right = got.intent == reply.intent and set(reply.parts) <= {part.intent for part in got.parts}
    decided = got.sure and got.intent in DECISIONS
    return right and got.sure, decided and (got.intent != reply.intent or not reply.clear)


def own_replies(misses: list[str]) -> None:
    for form in FORMS:
        replies = load_replies(form)
        clear = [reply for reply in replies if reply.clear]
        known = sum(seen_before(reply.text) for reply in replies)
        judged = [(reply, *judge(reply)) for reply in replies]
        wrong = [reply for reply, _, bad in judged if bad]
        missed = [reply for reply, good, _ in judged if reply.clear and not good]
        rank = "second rank" if form in UNREVIEWED else "first rank"
        for reply in wrong:
            misses.append(f"{form}: WRONG SURE DECISION on {reply.text!r} ({reply.intent})")
        for reply in missed:
            got = understand(reply.text, prompt=reply.prompt, lang=reply.lang)
            found = [part.intent for part in got.parts]
            misses.append(f"{form}: {reply.text!r} is {reply.intent}, got {got.intent} sure={got.sure} parts={found}")
        print(
            f"  {form:8} ({rank}) n={len(replies)}, wrong sure decisions {len(wrong)}, sure and right on clear ones "
            f"{interval(len(clear) - len(missed), len(clear))}, equal to a known phrase {interval(known, len(replies))}"
        )


def strangers(misses: list[str]) -> None:
    """Replies that nobody here had seen when phrases, words and limits were settled."""
    for name, forms in (("first rank", set(FORMS) - UNREVIEWED), ("second rank", UNREVIEWED)):
        judged = [(reply, *judge(reply)) for form in FORMS if form in forms for reply in load_replies(form, STRANGERS)]
        clear = [good for reply, good, _ in judged if reply.clear]
        astray = 0
        for reply, good, bad in judged:
            got = understand(reply.text, prompt=reply.prompt, lang=reply.lang)
            astray += reply.clear and got.sure and got.intent not in DECISIONS and got.intent != reply.intent
            if bad or (reply.clear and not good):
                note = "WRONG SURE DECISION" if bad else "missed"
                misses.append(
                    f"stranger, {reply.lang}: {note}: {reply.text!r} is {reply.intent}, got {got.intent} sure={got.sure}"
                )
        print(
            f"  {name}: wrong sure decisions {interval(sum(bad for *_, bad in judged), len(judged))}, sure and right on clear ones"
        )
        print(f"    {interval(sum(clear), len(clear))}, surely taken for another intent {interval(astray, len(clear))}")


def measured_speed(texts: Iterable[str]) -> float:
    """Texts understood per second of this process's CPU, on one core."""
    batch = list(texts)
    start = time.process_time()
    for text in batch:
        understand(text, prompt="confirm")
    return len(batch) / (time.process_time() - start)


def bare_answer_microseconds() -> float:
    """CPU time of understanding a bare yes."""
    rounds = 20_000
    start = time.process_time()
    for _ in range(rounds):
        understand("Yes", prompt="confirm", lang="en")
    return (time.process_time() - start) / rounds * 1e6


def speed(misses: list[str]) -> None:
    texts = [reply.text for form in FORMS for reply in load_replies(form)]
    print(f"  own replies: {measured_speed(texts * 3):,.0f} texts/s; a bare yes: {bare_answer_microseconds():.1f} µs")
    few, (cpu_s, peak_mb) = piped(texts[:1])[0], piped(texts * 20)
    print(
        f"  run.py understand, JSON through a pipe: {len(texts) * 20 / (cpu_s - few):,.0f} texts/s of its CPU after",
        end=" ",
    )
    print(f"{few:.1f} s of start, at most {peak_mb:.0f} MB of memory")


def piped(texts: list[str]) -> tuple[float, float]:
    """(CPU seconds, most resident MB) of `run.py understand` given the texts as JSON lines."""
    lines = b"".join(json.dumps({"text": text, "prompt": "confirm"}).encode() + b"\n" for text in texts)
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen([sys.executable, "run.py", "understand"], stdin=subprocess.PIPE, stdout=told, cwd=ROOT)
        assert child.stdin is not None
        child.stdin.write(lines)
        child.stdin.flush()
        while _answers(told.fileno()) < len(texts):
            time.sleep(0.05)
        # not wait4's figure: that of a forked child begins with its parent's size
        status = Path(f"/proc/{child.pid}/status").read_text()
        peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        child.stdin.close()
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
    return used.ru_utime + used.ru_stime, peak_kb / 1024


def _answers(file: int) -> int:
    """Lines written so far."""
    return os.pread(file, os.fstat(file).st_size, 0).count(b"\n")


def main() -> None:
    misses: list[str] = []
    steps: list[tuple[str, bool, Callable[[list[str]], None]]] = [
        ("Texts that are no answer (CLINC, HINT3, Bitext) at a confirm prompt", True, false_decisions),
        ("The yes and no words of glibc", True, yes_and_no),
        ("Named intents of the shipped classifier", True, named_intents),
        ("The same intents in shop talk that was written blind", False, shop_talk),
        ("Own labelled replies", False, own_replies),
        ("Replies of strangers", False, strangers),
        ("Speed", False, speed),
    ]
    for title, public, step in steps:
        print(title)
        if public and not TEXT.is_dir():
            print(f"  not measured: there is no {TEXT}")
        else:
            step(misses)
    if "--misses" in sys.argv[1:]:
        print("\n".join(misses))


if __name__ == "__main__":
    main()
