"""Labelled pairs of e-mail addresses: people and slips written by hand, mailboxes as the providers document them."""

from tests.flows.matching.measured import Pair

#: Local parts of two words, so that dots and tags have a place.
PEOPLE = (
    ("ana", "ruiz"), ("john", "smith"), ("karl", "weber"), ("marie", "dubois"), ("luca", "ferrari"), ("piotr", "nowak"),
    ("ivan", "petrov"), ("priya", "sharma"), ("ahmed", "hassan"), ("rahim", "uddin"), ("eleni", "papas"), ("joao", "silva"),
)  # fmt: skip
SAME = (
    ("{a}.{b}@gmail.com", "{a}{b}@gmail.com", "dot"),
    ("{a}{b}+shop@gmail.com", "{a}{b}@gmail.com", "tag"),
    ("{a}.{b}@googlemail.com", "{a}{b}@gmail.com", "two domains"),
    ("{A}.{B}@Gmail.COM", "{a}.{b}@gmail.com", "capitals"),
    ("{a}.{b}+a+b@gmail.com", "{a}{b}@googlemail.com", "tag and domain"),
    ("{a}{b}@gmial.com", "{a}{b}@gmail.com", "slip"),
    ("{a}{b}@gmail.con", "{a}.{b}@gmail.com", "slip in the ending"),
    ("{a}_{b}@hotmail.com", "{a}_{b}@hotmial.com", "slip"),
    ("{a}{b}@yahoo.com", "{a}{b}@yaho.com", "letter missing"),
    ("{a}{b}@outlook.com", "{a}{b}@outlok.com", "letter missing"),
    ("{a}{b}+news@outlook.com", "{a}{b}@outlook.com", "tag"),
    (" <{a}.{b}@firma.example> ", "{a}.{b}@firma.example", "brackets"),
    ("{a}{b}@icloud.com", "{a}{b}@me.com", "two domains"),
    ("{a}{b}@gmai.com", "{a}{b}@gmail.com", "letter missing"),
)
APART = (
    ("{a}.{b}@gmail.com", "{a}.{b}1@gmail.com", "a digit more"),
    ("{a}.{b}@gmail.com", "{b}.{a}@gmail.com", "turned round"),
    ("{a}.{b}@firma.example", "{a}{b}@firma.example", "dot where dots count"),
    ("{a}.{b}@hotmail.com", "{a}{b}@hotmail.com", "dot where dots count"),
    ("{a}{b}@hotmail.com", "{a}{b}@outlook.com", "another provider"),
    ("{a}{b}@yahoo.com", "{a}{b}@ymail.com", "another provider, likely a slip but real"),
    ("{a}{b}@gmail.com", "{a}{b}@mail.com", "another provider, likely a slip but real"),
    ("{a}_{b}@yahoo.com", "{a}{b}@yahoo.com", "underscore"),
    ("{a}{b}@gmail.com", "{a}{c}@gmail.com", "a relative"),
    ("{a}@firma.example", "{b}@firma.example", "a colleague"),
    ("{a}{b}@hotmail.es", "{a}{b}@hotmail.fr", "another country"),
    ("{a}{b}88@gmail.com", "{a}{b}89@gmail.com", "another year"),
    ("{a}{b}@firma.example", "{a}{b}@firmb.example", "a small domain is not mended"),
    ("{a}{b}@gmail.com", "{a}{b}gmail.com", "no address"),
)


def pairs() -> tuple[Pair, ...]:
    """The whole set: every writing for every person."""
    found: list[Pair] = []
    for at, (a, b) in enumerate(PEOPLE):
        names = {"a": a, "b": b, "c": PEOPLE[(at + 1) % len(PEOPLE)][1], "A": a.title(), "B": b.upper()}
        for same, rows in ((True, SAME), (False, APART)):
            found.extend(Pair(x.format(**names), y.format(**names), same, why) for x, y, why in rows)
    return tuple(found)
