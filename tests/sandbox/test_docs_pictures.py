"""The report's chart as the docs show it: from a generated month, small enough to be committed."""

from __future__ import annotations

from datetime import timedelta

from picturing import Pictures

from bench.month import DAYS, FIRST, SHOP, Month
from bot.words import Words
from engine.charts import charts
from flows.numbers import Baseline, Costs, Stories, report


def test_the_chart_of_a_month(pictures: Pictures) -> None:
    """The overview of a thousand generated orders names them; it is saved for the docs where that is asked."""
    read = Stories()
    for tale in Month(1000).tales():
        read.read(tale.conversation, tale.notes)
    costs = Costs("EUR", sms_segment=8.0, whatsapp_message=5.0, returned_parcel=900.0)
    until = FIRST + timedelta(days=DAYS)
    told = report(read, shop=SHOP, since=FIRST, until=until, zone="Europe/Madrid", costs=costs, baseline=Baseline())
    assert told.orders > 900
    png = charts(told, Words("en").say)["overview.png"]
    assert png.startswith(b"\x89PNG")
    pictures.save(png, "chart")
