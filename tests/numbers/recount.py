"""The same figures counted a second time, from journal lines alone, by SQL: shares no code with flows/numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.ports import Tale

#: Messages about orders that are none of ours were sent too.
_PLACED = "o IN (SELECT o FROM mine UNION SELECT o FROM now WHERE state = 'ignored')"
_STAFF = "('staff', 'manager', 'owner')"


class Recount:
    """Journal lines in a table; times are epoch microseconds."""

    def __init__(self, tales: Iterable[Tale], since: datetime, until: datetime, zone: str) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute(
            "CREATE TABLE line (at INT, n INT, what TEXT, o TEXT, who TEXT, via TEXT, state TEXT, channel TEXT, total INT,"
            " reason TEXT, segments INT)"
        )
        self._db.execute("CREATE TABLE now (o TEXT PRIMARY KEY, state TEXT, language TEXT)")
        for tale in tales:
            for order in tale.conversation.orders:
                self._db.execute(
                    "INSERT INTO now VALUES (?, ?, ?)", (order.id, order.state, tale.conversation.language)
                )
            for order_id, state in tale.conversation.former.items():
                self._db.execute("INSERT INTO now VALUES (?, ?, ?)", (order_id, state, tale.conversation.language))
            self._db.executemany(
                "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        _us(note.at), note.n, note.what, note.order_id, note.by.split(":")[0], note.via,
                        note.data.get("state"), note.data.get("channel"), note.data.get("total"), note.data.get("reason"),
                        note.data.get("segments", 1),
                    )
                    for note in tale.notes
                ],
            )  # fmt: skip
        self._db.executescript(
            f"""
            CREATE INDEX line_o ON line (o, what);
            CREATE TABLE mine AS SELECT o, min(at) AS at FROM line WHERE what = 'order.placed' GROUP BY o
                HAVING min(at) >= {_us(since)} AND min(at) < {_us(until)};
            DELETE FROM mine WHERE o IN (SELECT o FROM now WHERE state = 'ignored');
            CREATE TABLE yes AS SELECT o, who, via, at FROM (SELECT o, who, via, at, row_number() OVER
                (PARTITION BY o ORDER BY at, who, via) AS place FROM line WHERE what = 'decided' AND state = 'confirmed')
                WHERE place = 1 AND o IN (SELECT o FROM mine);
            CREATE TABLE own AS SELECT o, min(at) AS at FROM line WHERE what = 'decided' AND who = 'customer'
                AND o IN (SELECT o FROM mine) GROUP BY o;
            """
        )
        self._zone = ZoneInfo(zone)

    def one(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0] or 0)

    def by(self, sql: str) -> dict[str, int]:
        return {str(key): int(count) for key, count in self._db.execute(sql)}

    def orders(self) -> int:
        return self.one("SELECT count(*) FROM mine")

    def states(self) -> dict[str, int]:
        return self.by("SELECT state, count(*) FROM now JOIN mine USING (o) GROUP BY 1")

    def confirmed_by(self) -> dict[str, int]:
        return self.by("SELECT who, count(*) FROM yes GROUP BY 1")

    def confirmed_via(self) -> dict[str, int]:
        return self.by("SELECT via, count(*) FROM yes GROUP BY 1")

    def confirmed_after(self) -> dict[str, int]:
        return self.by(
            """SELECT asked, count(*) FROM (SELECT yes.o, (SELECT count(*) FROM line JOIN own USING (o)
            WHERE line.o = yes.o AND what = 'rung.asked' AND line.at <= own.at) AS asked FROM yes WHERE who = 'customer') GROUP BY 1"""
        )

    def answered_at_hour(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for (at,) in self._db.execute("SELECT at FROM own"):
            hour = datetime.fromtimestamp(at / 1e6, self._zone).strftime("%H")
            found[hour] = found.get(hour, 0) + 1
        return found

    def by_language(self) -> dict[str, tuple[int, int]]:
        rows = self._db.execute(
            "SELECT language, count(*), count(yes.o) FROM mine JOIN now USING (o) LEFT JOIN yes USING (o) GROUP BY 1"
        )
        return {language: (every, yes) for language, every, yes in rows}

    def minutes_to_answer(self) -> list[float]:
        rows = self._db.execute(
            """SELECT max(own.at - (SELECT min(at) FROM line WHERE line.o = own.o AND what = 'rung.asked'), 0) FROM own
            WHERE EXISTS (SELECT 1 FROM line WHERE line.o = own.o AND what = 'rung.asked') ORDER BY 1"""
        )
        return [us / 60e6 for (us,) in rows]

    def cancelled_why(self) -> dict[str, int]:
        return self.by(
            """SELECT coalesce((SELECT reason FROM line WHERE line.o = now.o AND what = 'cancel.reason' ORDER BY at DESC LIMIT 1),
            'by_' || (SELECT who FROM line WHERE line.o = now.o AND what = 'decided' AND line.state = 'cancelled'
            ORDER BY at DESC LIMIT 1)), count(*) FROM now JOIN mine USING (o) WHERE now.state = 'cancelled' GROUP BY 1"""
        )

    def returned(self) -> tuple[int, int]:
        """(came back, ended) of confirmed orders, without the courier's own faults."""
        ended = """FROM now JOIN yes USING (o) WHERE now.state IN ('delivered', 'returned') AND NOT EXISTS (SELECT 1 FROM line
            WHERE line.o = now.o AND what = 'order.returned' AND reason IN ('courier_fault', 'damaged', 'lost'))"""
        return self.one(f"SELECT count(*) {ended} AND now.state = 'returned'"), self.one(f"SELECT count(*) {ended}")

    def staff_acts(self) -> int:
        return self.one(f"SELECT count(*) FROM line JOIN mine USING (o) WHERE who IN {_STAFF}")

    def failed_attempts(self) -> int:
        return self.one("SELECT count(*) FROM line JOIN mine USING (o) WHERE what = 'courier.attempt_failed'")

    def messages(self) -> dict[str, int]:
        return self.by(f"SELECT via, count(*) FROM line WHERE what = 'sent' AND {_PLACED} GROUP BY 1")

    def segments(self) -> int:
        return self.one(f"SELECT sum(segments) FROM line WHERE what = 'sent' AND via = 'sms' AND {_PLACED}")


def _us(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
