"""The bargain's promises over random settings, orders and talks: never below the floor, never twice, never to the flagged; and the
books add up."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flows.bargaining import books
from flows.conversation import Conversation
from flows.events import PagePressed, ShopReported, StaffPressed
from flows.money import Money
from flows.offers import CHEAPER, Offers, Step, floor_of, next_offer
from flows.orders import Item, Order, OrderFields
from flows.pointers import order as order_pointer
from flows.policy import Policy
from flows.risk.assessment import Verdict
from storage import codec
from tests.depth import examples
from tests.flows.shop import ANA, GROUP, NOW, POLICY, SHOP, fields, told, wrote
from tests.flows.world import World

MINOR = st.integers(100, 20_000)
EUR = MINOR.map(lambda minor: Money(minor, "EUR"))
LITTLE = st.integers(50, 1000).map(lambda minor: Money(minor, "EUR"))
STEPS = st.one_of(
    st.builds(Step, st.just("percent"), points=st.integers(1, 1500)),
    st.builds(Step, st.sampled_from(["amount", "free_delivery"]), money=LITTLE),
    st.builds(Step, st.just("amount"), money=MINOR.map(lambda minor: Money(minor, "USD"))),
    st.builds(Step, st.just("prepay"), points=st.integers(1, 1500)),
    st.builds(Step, st.just("gift"), words=st.just({"en": "a keyring"}), cost=LITTLE),
    st.just(Step("later")),
)
OFFERS = st.builds(
    Offers,
    steps=st.lists(STEPS, min_size=1, max_size=4).map(tuple),
    most_points=st.integers(0, 5000) | st.integers(3000, 9000),
    most=st.none() | EUR,
    floors=st.just({}) | st.dictionaries(st.sampled_from(["S1", "S2"]), EUR | st.just(Money(100, "USD")), max_size=2),
    to_watched=st.booleans(),
)
ITEMS = st.lists(st.builds(Item, st.just("Lamp"), st.integers(1, 3), st.sampled_from(["S1", "S2", ""])), max_size=3)
TALK = st.lists(
    st.one_of(
        st.sampled_from(["any discount?", "discount?", "yes", "YES", "1", "2", "3", "no", "hello", "45", "cancel"]),
        st.integers(1, 200).map(lambda price: f"give me a discount, {price} euro"),
        st.sampled_from(["approve", "refuse", "approve by staff", "paid", "page", "told again", "dearer", "a day"]),
    ),
    max_size=10,
)
#: Most talks begin with the question, and with an answer to what was offered.
TALKS = st.builds(
    lambda first, rest: [*first, *rest],
    st.sampled_from(
        [
            [],
            ["any discount?"],
            ["any discount?", "1"],
            ["discount?", "no", "yes"],
            ["discount, 1 euro", "approve", "1"],
        ]
    ),
    TALK,
)


@given(OFFERS, EUR, ITEMS, st.integers(0, 5), st.none() | st.integers(1, 20_000))
def test_no_step_goes_below_the_floor(
    offers: Offers, total: Money, items: list[Item], tried: int, named: int | None
) -> None:
    """Whatever is offered costs no less than the floor, never more than the order, and costs the shop just the difference."""
    of = fields(total=total, items=tuple(items))
    found = next_offer(offers, of, tried, named)
    floor = floor_of(offers, of)
    assert 0 <= floor <= total.minor
    if found is None:
        return
    assert found.step >= tried
    assert floor <= found.total.minor <= total.minor
    if found.kind in CHEAPER:
        assert found.cost == total.minor - found.total.minor > 0
    if named is not None:
        assert named >= floor
    if named is not None and named < total.minor and found.kind != "prepay":
        assert found.total.minor >= named, "they had offered more"


class Talk:
    """One order's bargaining, as a world of the flows' own; keeps what was agreed as the document shows it."""

    def __init__(self, policy: Policy, of: OrderFields, verdict: Verdict) -> None:
        self.world = World(policy=policy)
        self.of = of
        self.world.bring(told(of))
        self.world.run_outbox()
        (document,) = self.world.conversations()
        marked = tuple(replace(o, verdict=verdict) for o in document.orders)
        self.world.documents[document.id] = codec.dump(replace(document, orders=marked))
        self.approved: set[int] = set()

    @property
    def document(self) -> Conversation:
        (document,) = self.world.conversations()
        return document

    @property
    def order(self) -> Order:
        return self.document.orders[0]

    def goes_on(self, what: str) -> None:
        world, n = self.world, self.world.next()
        world.now += timedelta(minutes=1)
        order = self.order
        if what in ("approve", "refuse", "approve by staff"):
            if order.card is None or order.deal is None:
                return
            verb = "deal_no" if what == "refuse" else "deal_yes"
            role = "staff" if what.endswith("staff") else "manager"
            if verb == "deal_yes" and role == "manager" and order.deal.status == "asked" and order.deal.total:
                self.approved.add(order.deal.total.minor)
            world.bring(
                StaffPressed(
                    event_id=f"tg:{n}", to=(order_pointer(SHOP, order.id),), at=world.now, by=1, name="Mia", role=role,
                    verb=f"{verb}.{order.deal.n}", seq=order.seq, version=order.version, chat=GROUP,
                    message_id=order.card.message_id,
                )
            )  # fmt: skip
        elif what == "paid":
            world.bring(
                ShopReported(
                    event_id=f"p:{n}", to=(order_pointer(SHOP, order.id),), at=world.now, order_id=order.id, kind="paid"
                )
            )
        elif what == "page":
            world.bring(
                PagePressed(
                    event_id=f"page:{n}", to=(order_pointer(SHOP, order.id),), at=world.now, order_id=order.id,
                    version=order.version, channel="sms", action="confirm",
                )
            )  # fmt: skip
        elif what in ("told again", "dearer"):
            if what == "dearer":
                more = Money(self.of.total.minor + 100, self.of.total.currency)
                self.of = replace(self.of, total=more, items=(*self.of.items, Item("More", 1)))
            else:
                self.of = replace(self.of, note=f"note {n}")
            world.bring(told(self.of, n, world.now))
        else:
            world.bring(wrote("tomorrow" if what == "a day" else what, n, world.now, ANA))
        world.run_outbox()


@settings(max_examples=examples(150))
@given(
    OFFERS, MINOR, ITEMS, TALK, st.sampled_from(["normal", "normal", "normal", "trusted", "watch", "review", "blocked"])
)
def test_the_bargain_keeps_its_bounds_whatever_is_said(
    offers: Offers, minor: int, items: list[Item], talk: list[str], verdict: Verdict
) -> None:
    """No total below the floor without a manager's press, one bargain agreed per order, nothing to the flagged, and the
    journal's sums are what stands on the order."""
    policy = replace(POLICY, offers=offers, payment_link="https://pay.example.com/{order}/{amount}")
    here = Talk(policy, fields(total=Money(minor, "EUR"), items=tuple(items)), verdict)
    agreed = offered = 0
    for what in talk:
        before = here.order
        here.goes_on(what)
        order = here.order
        if order.fields.total.minor < here.of.total.minor:
            lowest = floor_of(offers, here.of)
            assert order.fields.total.minor >= min(lowest, *here.approved, lowest)
        took = order.deal is not None and order.deal.status == "taken" and before.deal != order.deal
        agreed += took
    notes = [note for note in here.document.notes if note.what.startswith("deal.")]
    offered = sum(note.what == "deal.offered" for note in notes)
    assert agreed <= 1
    assert sum(note.what == "deal.accepted" for note in notes) <= 1
    steps = [open_.say.template for open_ in here.world.attempts if getattr(open_.open.effect, "template", "") in
             ("deal_gift", "deal_later", "deal_prepay")]  # fmt: skip
    assert len(steps) <= sum(step.kind in ("gift", "later", "prepay") for step in offers.steps)
    flagged = verdict in ("review", "blocked") or (verdict == "watch" and not offers.to_watched)
    assert not (flagged and offered)
    held = books(here.document.notes)
    order = here.order
    holds = order.deal is not None and order.deal.status == "taken" and order.deal.kind != "later"
    if holds and order.state != "cancelled" and order.deal is not None:
        assert held.cost == {"EUR": order.deal.cost}
        assert held.saved == {"EUR": order.fields.total.minor}
        if order.deal.kind in CHEAPER:
            assert order.deal.cost == here.of.total.minor - order.fields.total.minor
    elif not holds:
        assert (held.cost, held.saved) == ({}, {})
        assert order.fields.total == here.of.total
    assert here.world.now >= NOW
