"""The collections of the MongoDB store: what their documents hold, and an index for every shape of question.

    conversation   _id, key (wrapped), doc (sealed), version, writes (tokens of the last commits), next_due, next_send (epoch
                   milliseconds or null), flying (processes that have something of it on the wire), slot, todo (what follows
                   the last commit)
    pointer        _id: keyed hash of (kind, shop, name), c: conversation, at, v: the version that claimed it
    shop_order     _id: shop/order id, shop, order_id, c, state, at, v
    journal        _id: conversation/number of the first line, c, first, lines (sealed)
    kept           _id, at, key, body (sealed)
    history        _id: keyed hash of shop and order id, shop, closed (day), sealed (null: erased), keys (hashes of phone, e-mail,
                   address keys), ended, currency, bucket (of the amount): for counts, they name nobody
    history_shop   _id: the shop, key: under which its history is sealed
    history_import _id: hash of the source, mark
    process        _id: name of a process, beat: counts up while it lives
    lead           _id: what is led, holder, fence: counts up with every change
    installation   key that opens only with the encryption_key of this data, index: the wrapped key of the hashes after a change of it

Hashes are hexadecimal text: equal for every server, readable in a shell. An index serves a question when its first fields are the
question's equal fields, then its range or its order; tests/storage/test_mongo.py holds every question that the store asks to that.
"""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING

#: Written into the installation's document; data with a higher one belongs to a newer program. 2: documents are MessagePack
#: (storage/codec.py). 3: links tell their conversation, and have no pointers (engine/tokens.py), where an older program looks for them.
SCHEMA_VERSION = 3
#: Conversations are dealt into so many slots, by which processes share the timers.
SLOTS = 64

Fields = tuple[tuple[str, int], ...]

#: Collection -> its indexes. Every collection has one on _id besides.
INDEXES: dict[str, tuple[Fields, ...]] = {
    "conversation": (
        (("next_due", ASCENDING), ("slot", ASCENDING)),
        (("next_send", ASCENDING), ("_id", ASCENDING)),
        (("flying", ASCENDING),),
    ),
    "pointer": ((("c", ASCENDING),),),
    "shop_order": (
        (("shop", ASCENDING), ("at", DESCENDING)),
        (("shop", ASCENDING), ("state", ASCENDING), ("at", DESCENDING)),
        (("state", ASCENDING),),
    ),
    "journal": ((("c", ASCENDING), ("first", ASCENDING)),),
    "kept": ((("at", ASCENDING),),),
    "history": (
        (("keys", ASCENDING), ("closed", DESCENDING)),
        (("shop", ASCENDING), ("ended", ASCENDING)),
        (("shop", ASCENDING), ("closed", ASCENDING)),
        (("shop", ASCENDING), ("currency", ASCENDING), ("bucket", ASCENDING)),
    ),
    "history_shop": (),
    "history_import": (),
    "process": (),
    "lead": (),
    "installation": (),
}

INSTALLATION = "installation"


def slot(conversation: str) -> int:
    """The conversation's slot: the end of its id is random, so the slots fill evenly."""
    return int(conversation[-2:], 16) % SLOTS
