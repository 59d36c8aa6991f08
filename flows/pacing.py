"""Whose pace an effect keeps, and what goes first on it.

A lane is one sender: "sms:+15550001111", "telegram:<chat>". First texts of fresh orders go before everything else that waits
for the same sender, then answers to people, then the ladder, then what can wait.
"""

from __future__ import annotations

from flows.effects import (
    AnyEffect,
    AskProvider,
    PingOwner,
    PointTo,
    Say,
    ShowCard,
    ShowDigest,
    ShowMedia,
    ShowNotice,
    TellPerson,
    TellShop,
    TellStaff,
)
from flows.policy import Policy

#: A notice to many goes behind everything else of its sender.
TO_MANY = 5
_URGENCY = {"first": 0, "answer": 1, "rung": 2, "notice": 3}


def urgency(effect: AnyEffect) -> int:
    """0 goes first."""
    if isinstance(effect, Say):
        return _URGENCY[effect.purpose] if not effect.notice else TO_MANY
    if isinstance(effect, TellPerson):
        return 0
    if isinstance(effect, PingOwner):
        return -1 if effect.first else 3 if effect.silent else 0 if effect.complaint else 1
    if isinstance(effect, ShowCard):
        return 10 + effect.rank  # from 0, the card that was just pressed (flows/digests.py)
    if isinstance(effect, ShowDigest):
        return 1  # before every new card, but none of what a group's minute keeps for who presses (engine/lanes.py)
    if isinstance(effect, PointTo):
        return 20  # the card itself has told it
    return 1 if isinstance(effect, TellStaff | ShowMedia) else 2  # what a customer sent follows their words


def lane(effect: AnyEffect, policy: Policy) -> str:
    """The name of the sender whose rate the effect shares; "" for what no provider paces."""
    if isinstance(effect, Say):
        return f"{effect.channel}:{effect.sender}"
    if isinstance(effect, ShowCard | PointTo | ShowDigest | ShowMedia | TellStaff):
        return f"telegram:{policy.staff_chat}"
    if isinstance(effect, ShowNotice):
        return f"telegram:{effect.chat}"
    if isinstance(effect, PingOwner):
        return f"telegram:owner:{policy.shop}"
    if isinstance(effect, TellPerson):
        return f"telegram:{effect.person}"
    if isinstance(effect, AskProvider):
        return f"ask:{effect.channel}:{effect.sender}"
    if isinstance(effect, TellShop):
        return f"shop:{policy.shop}:{effect.target}"  # one that is down holds nobody else up
    return ""
