"""When a conversation has outlived its use. Pure."""

from __future__ import annotations

from datetime import datetime

from flows.conversation import Conversation
from flows.forgetting import unfinished
from flows.keeping import Keep


def last_moved(conversation: Conversation) -> datetime | None:
    """When anything last happened in it; None for one in which nothing did."""
    moments = [note.at for note in conversation.notes[-1:]]
    moments += [contact.heard_at for contact in conversation.contacts if contact.heard_at is not None]
    moments += [conversation.created_at] if conversation.created_at is not None else []
    told = max(conversation.seen.values(), default=0)
    if told and moments:
        moments.append(datetime.fromtimestamp(told, moments[0].tzinfo))
    return max(moments, default=None)


def outlived(conversation: Conversation, keep: Keep, now: datetime) -> bool:
    """Whether it may go: nothing open or under way, nothing waits, and it rested for long enough. What is blank already stays."""
    if keep.conversations is None or unfinished(conversation) or conversation.open or conversation.timers:
        return False
    if not (conversation.contacts or conversation.orders or conversation.name):
        return False
    moved = last_moved(conversation)
    return moved is not None and now - moved > keep.conversations
