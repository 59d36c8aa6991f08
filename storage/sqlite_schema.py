"""The tables and every statement of the SQLite store."""

from flows.addresses import MAX_KEYS

#: Written into PRAGMA user_version; a file with a higher one belongs to a newer program. 4: documents are MessagePack (storage/codec.py).
#: 5: rows have spare room, and an order is found by its row alone (storage/sqlite_upgrade.py).
SCHEMA_VERSION = 5

SCHEMA = """
CREATE TABLE IF NOT EXISTS installation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key BLOB NOT NULL               -- seals nothing: opens only with the encryption_key that this file was made with
);
CREATE TABLE IF NOT EXISTS conversation (
    n INTEGER PRIMARY KEY,          -- short name for the other tables
    id TEXT NOT NULL UNIQUE,        -- opaque, in the order of time (storage/new_id.py)
    key BLOB NOT NULL,              -- the document's own key, wrapped
    doc BLOB NOT NULL,              -- sealed
    version INTEGER NOT NULL,
    next_due INTEGER,               -- epoch milliseconds; NULL: no timer
    next_send INTEGER,              -- epoch milliseconds; NULL: nothing planned
    flying INTEGER NOT NULL DEFAULT 0,
    spare BLOB                      -- zeros: room for the document to grow in (storage/sqlite_rows.py)
);
CREATE INDEX IF NOT EXISTS conversation_due ON conversation (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS conversation_send ON conversation (next_send) WHERE next_send IS NOT NULL;
CREATE INDEX IF NOT EXISTS conversation_flying ON conversation (n) WHERE flying > 0;
CREATE TABLE IF NOT EXISTS pointer (
    key BLOB PRIMARY KEY,           -- keyed hash of (kind, shop, name); orders are found in shop_order
    conversation INTEGER NOT NULL,
    since INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shop_order (
    shop TEXT NOT NULL,
    order_id TEXT NOT NULL,
    conversation INTEGER NOT NULL,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (shop, order_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shop_order_changed ON shop_order (shop, updated_at);
CREATE TABLE IF NOT EXISTS journal (
    conversation INTEGER NOT NULL,
    first INTEGER NOT NULL,         -- number of the first line in it
    lines BLOB NOT NULL,            -- sealed with the conversation's key
    PRIMARY KEY (conversation, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    key BLOB NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (
    name TEXT PRIMARY KEY,          -- backup: when this copy was made; restored: from which, when; index: wrapped key of the hashes
    value TEXT NOT NULL             -- names nobody
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history_shop (
    n INTEGER PRIMARY KEY,
    shop TEXT NOT NULL UNIQUE,
    key BLOB NOT NULL               -- the key of the shop's history, wrapped
);
CREATE TABLE IF NOT EXISTS history (
    n INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    closed INTEGER NOT NULL,        -- days since 1970
    sealed BLOB                     -- NULL: erased
);
CREATE TABLE IF NOT EXISTS history_key (
    key INTEGER NOT NULL,           -- eight bytes of the keyed hash of (shop, key)
    n INTEGER NOT NULL,
    PRIMARY KEY (key, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history_tally (
    shop INTEGER NOT NULL,
    name TEXT NOT NULL,             -- ended:<how> | amount:<currency>
    bucket INTEGER NOT NULL,        -- of an amount
    orders INTEGER NOT NULL,
    PRIMARY KEY (shop, name, bucket)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history_import (
    source BLOB PRIMARY KEY,        -- keyed hash of (shop, file and mapping)
    mark BLOB NOT NULL              -- counts only
) WITHOUT ROWID;
"""

FIRST_KEY = "INSERT INTO installation (one, key) VALUES (1, ?) ON CONFLICT DO NOTHING"
SHOW_KEY = "SELECT key FROM installation"
NEW_KEY = "UPDATE installation SET key = ?"
MARK = "INSERT INTO mark (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
MARKED = "SELECT value FROM mark WHERE name = ?"
UNMARK = "DELETE FROM mark WHERE name = ?"
LAST_CHANGE = """SELECT max(at) FROM (SELECT max(updated_at) AS at FROM shop_order UNION ALL SELECT max(since) FROM pointer
    UNION ALL SELECT max(at) FROM kept)"""
#: How often conversations were written: each write counts its version up.
WRITES = "SELECT total(version) FROM conversation"
BY_POINTER = """SELECT c.n, c.id, c.key, c.version, c.doc FROM pointer p JOIN conversation c ON c.n = p.conversation
    WHERE p.key = ?"""
BY_ORDER = """SELECT c.n, c.id, c.key, c.version, c.doc FROM shop_order o JOIN conversation c ON c.n = o.conversation
    WHERE o.shop = ? AND o.order_id = ?"""
PAGE_BY_ID = "SELECT id, key, doc FROM conversation WHERE id > ? ORDER BY id LIMIT ?"
BY_ID = "SELECT n, id, key, version, doc FROM conversation WHERE id = ?"
INSERT = """INSERT INTO conversation (id, key, doc, spare, version, next_due, next_send, flying)
    VALUES (?, ?, ?, zeroblob(?), 1, ?, ?, ?)"""
UPDATE = """UPDATE conversation SET doc = ?, spare = zeroblob(?), version = ?, next_due = ?, next_send = ?, flying = ?
    WHERE n = ?"""
POINT_NEW = "INSERT INTO pointer (key, conversation, since) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING"
ORDER = """INSERT INTO shop_order (shop, order_id, conversation, state, updated_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (shop, order_id) DO UPDATE SET conversation = excluded.conversation, state = excluded.state,
    updated_at = excluded.updated_at"""
SPILL = "INSERT INTO journal (conversation, first, lines) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
DUE = "SELECT id, next_due FROM conversation WHERE next_due <= ? ORDER BY next_due LIMIT ?"
NEXT_DUE = "SELECT min(next_due) FROM conversation WHERE next_due IS NOT NULL"
SENDABLE = """SELECT id, next_send FROM conversation WHERE next_send IS NOT NULL AND next_send <= ?
    AND (next_send, id) > (?, ?) ORDER BY next_send, id LIMIT ?"""
FLYING = "SELECT id FROM conversation WHERE flying > 0"
ORDERS = """SELECT o.shop, o.order_id, c.id, o.state, o.updated_at FROM shop_order o JOIN conversation c ON c.n = o.conversation
    WHERE o.shop = ? AND (? IS NULL OR o.state = ?) AND o.updated_at >= ? ORDER BY o.updated_at DESC LIMIT ?"""
JOURNAL = """SELECT j.lines, c.key FROM journal j JOIN conversation c ON c.n = j.conversation WHERE c.id = ? ORDER BY j.first"""
KEEP = "INSERT INTO kept (id, at, key, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
KEPT = "SELECT id, key, body FROM kept ORDER BY at LIMIT ?"
DROP_KEPT = "DELETE FROM kept WHERE id = ?"
FORGET = """UPDATE conversation SET key = ?, doc = ?, spare = zeroblob(?), version = ?, next_due = NULL, next_send = NULL, flying = 0
    WHERE n = ?"""
FORGET_JOURNAL = "DELETE FROM journal WHERE conversation = ?"
POINTERS_OF = "SELECT key FROM pointer WHERE conversation = ?"
UNPOINT = "DELETE FROM pointer WHERE key = ?"
COUNT_ORDERS = "SELECT state, count(*) FROM shop_order GROUP BY state"

RESTING = """SELECT id FROM conversation WHERE id > ? AND next_due IS NULL AND next_send IS NULL AND flying = 0
    ORDER BY id LIMIT ?"""
JOURNAL_BLOCKS = """SELECT j.lines, c.key, j.conversation, j.first FROM journal j JOIN conversation c ON c.n = j.conversation
    WHERE c.id = ? ORDER BY j.first"""
DROP_BLOCK = "DELETE FROM journal WHERE conversation = ? AND first = ?"

HISTORY_OLD = "SELECT n, sealed FROM history WHERE shop = ? AND closed < ? AND sealed IS NOT NULL ORDER BY n LIMIT ?"
HISTORY_SHOP = "SELECT n, key FROM history_shop WHERE shop = ?"
HISTORY_SHOP_NEW = "INSERT INTO history_shop (shop, key) VALUES (?, ?)"
HISTORY_LAST = "SELECT coalesce(max(n), 0) FROM history"
HISTORY_INSERT = "INSERT INTO history (n, shop, closed, sealed) VALUES (?, ?, ?, ?)"
#: Many look-ups as one statement: a JSON array of keys.
HISTORY_KNOWN = "SELECT DISTINCT k.key FROM json_each(?) j CROSS JOIN history_key k ON k.key = j.value"
HISTORY_UPDATE = "UPDATE history SET closed = ?, sealed = ? WHERE n = ?"
HISTORY_RESEAL = "UPDATE history SET sealed = ? WHERE n = ?"
HISTORY_ERASE = "UPDATE history SET sealed = NULL, closed = 0 WHERE n = ?"
HISTORY_KEY = "INSERT INTO history_key (key, n) VALUES (?, ?) ON CONFLICT DO NOTHING"
HISTORY_DROP_KEY = "DELETE FROM history_key WHERE key = ? AND n = ?"
HISTORY_BY_KEY = """SELECT h.n, h.sealed FROM history_key k JOIN history h ON h.n = k.n WHERE k.key = ?
    ORDER BY k.n DESC LIMIT ?"""
#: By address keys (so many as there are `{doors}`): the rows that stand under most of them, the latest first.
HISTORY_DOOR = """SELECT t.n, h.sealed FROM (
        SELECT n, count(*) AS shared FROM ({doors}) GROUP BY n ORDER BY shared DESC, n DESC LIMIT ?
    ) t JOIN history h ON h.n = t.n ORDER BY t.shared DESC, t.n DESC"""
HISTORY_ONE_DOOR = "SELECT * FROM (SELECT n FROM history_key WHERE key = ? ORDER BY n DESC LIMIT ?)"
HISTORY_DOORS = tuple(
    HISTORY_DOOR.format(doors=" UNION ALL ".join([HISTORY_ONE_DOOR] * n)) for n in range(MAX_KEYS + 1)
)
HISTORY_COUNT = """INSERT INTO history_tally (shop, name, bucket, orders) VALUES (?, ?, ?, ?)
    ON CONFLICT (shop, name, bucket) DO UPDATE SET orders = orders + excluded.orders"""
HISTORY_TALLIES = """SELECT t.name, t.orders FROM history_tally t JOIN history_shop s ON s.n = t.shop
    WHERE s.shop = ? AND t.name GLOB 'ended:*'"""
HISTORY_AMOUNTS = """SELECT t.bucket, t.orders FROM history_tally t JOIN history_shop s ON s.n = t.shop
    WHERE s.shop = ? AND t.name = ? ORDER BY t.bucket"""
HISTORY_PAGE = """SELECT h.n, h.sealed, s.key FROM history h JOIN history_shop s ON s.n = h.shop
    WHERE h.n > ? AND s.shop = ? ORDER BY h.n LIMIT ?"""
HISTORY_MARK = """INSERT INTO history_import (source, mark) VALUES (?, ?)
    ON CONFLICT (source) DO UPDATE SET mark = excluded.mark"""
HISTORY_UNMARK = "DELETE FROM history_import WHERE source = ?"
HISTORY_MARKED = "SELECT mark FROM history_import WHERE source = ?"
