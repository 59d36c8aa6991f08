"""The people of a made-up town and what they order in a year, with the truth about each; see bench/population.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress

START = datetime(2026, 1, 1, tzinfo=UTC)
SEED = 4

#: What is assumed, printed with the table. Shares of 1, minutes, days.
ASSUMED = {
    "a good customer answers the text": 0.88,
    "a good customer takes the parcel": 0.97,
    "a refuser answers the text": 0.9,
    "a refuser takes the parcel": 0.42,
    "a shopaholic takes the second of two": 0.25,
    "a phantom answers the text": 0.35,
    "a phantom is caught by a call without a warning": 0.35,
    "a phantom is caught by a call with the reasons on the card": 0.85,
    "a refuser is talked out of it by a call with the reasons": 0.45,
    "a shopaholic gives the second one up in such a call": 0.8,
    "a good customer is lost by such a call": 0.01,
    "minutes of a call": 2.5,
    "days from order to delivery": 4.0,
}
_STREETS = (
    "Mayor Real Nueva Ancha Alta Baja Sol Luna Olmo Roble Fresno Encina Goya Velázquez Murillo Lepanto Pelayo Balmes Urgel "
    "Aribau Sardenya Marina Padilla Serrano Alcalá Atocha Segovia Toledo Arganzuela Delicias Embajadores Lavapiés Hortaleza"
)
_TOWNS = "Madrid 280;Barcelona 080;Valencia 460;Sevilla 410;Zaragoza 500;Málaga 290;Murcia 300;Bilbao 480"
_NAMES = "Ana Luis Eva Juan Inés Raúl Marta Pablo Sara Hugo Lucía Diego Elena Mario Nuria Iván"
_SURNAMES = "Ruiz Gil Vega Soto Mora Peña Rojo Cano Rey Pardo León Prieto Marín Vidal Lorca Salas"
_MAIL = ("gmail.com", "hotmail.com", "yahoo.es", "outlook.es")
_MASHED = ("asdf asdf", "sdfgh", "qwerty 1", "xxxx", "kjhgf 3")
#: Domains of throw-away mail in this town.
THROWN_AWAY = frozenset({"trash.example"})


class Person(Struct, frozen=True):
    """One who orders, and what is true of them."""

    kind: str
    name: str
    phone: str
    email: str
    address: PostalAddress
    takes: float


class Placed(Struct, frozen=True):
    """One order, and the dice that decide it in either shop."""

    fields: OrderFields
    kind: str
    takes: bool  # would be taken at the door
    answers: bool  # answers the text with yes
    call: float  # the die of a call, 0..1


class Town:
    """People and their orders, the same for the same seed."""

    def __init__(self, orders: int, seed: int = SEED) -> None:
        self.dice, self.wanted = Random(seed), orders
        self.phones: set[str] = set()

    def orders(self) -> list[Placed]:
        """Everything ordered in a year, in the order of placing."""
        found: list[Placed] = []
        for share, make in (
            (0.72, self._good), (0.1, self._family), (0.05, self._refuser), (0.05, self._shopaholic), (0.08, self._phantoms)
        ):  # fmt: skip
            until = len(found) + round(self.wanted * share)
            while len(found) < until:
                found.extend(make())
        found = sorted(found, key=lambda p: p.fields.placed_at)[: self.wanted]
        return [replace(p, fields=replace(p.fields, id=f"{at:06}")) for at, p in enumerate(found)]

    def _good(self) -> Iterator[Placed]:
        person = self._person("good", ASSUMED["a good customer takes the parcel"])
        for _ in range(self.dice.choice((1, 1, 2, 3, 5, 8, 12))):
            yield self._order(person, self._moment())

    def _family(self) -> Iterator[Placed]:
        home = self._person("family", ASSUMED["a good customer takes the parcel"])
        for at in range(self.dice.randint(2, 4)):
            member = self._person("family", home.takes, home.address)
            if at == 0:
                member = replace(member, kind="refuser", takes=ASSUMED["a refuser takes the parcel"])
            for _ in range(self.dice.randint(1, 4)):
                yield self._order(member, self._moment())

    def _refuser(self) -> Iterator[Placed]:
        person = self._person("refuser", ASSUMED["a refuser takes the parcel"])
        for _ in range(self.dice.randint(1, 6)):
            yield self._order(person, self._moment())

    def _shopaholic(self) -> Iterator[Placed]:
        person = self._person("shopaholic", 0.95)
        for _ in range(self.dice.randint(2, 6)):
            first = self._order(person, self._moment())
            again = first.fields.placed_at + timedelta(minutes=self.dice.randint(5, 600))
            fields = replace(first.fields, placed_at=again)
            yield first
            takes = self.dice.random() < ASSUMED["a shopaholic takes the second of two"]
            yield replace(first, kind="shopaholic twice", fields=fields, takes=takes, call=self.dice.random())

    def _phantoms(self) -> Iterator[Placed]:
        if self.dice.random() < 0.02:  # a machine: forty and more on one prefix within the hour
            prefix, moment = f"6{self.dice.randint(10000, 99999)}", self._moment()
            for at in range(self.dice.randint(40, 120)):
                yield self._order(
                    self._phantom(f"+34{prefix[:5]}{self.dice.randint(0, 9999):04}"),
                    moment + timedelta(seconds=25 * at),
                )
            return
        person = self._phantom(self._phone())
        for _ in range(self.dice.choice((1, 1, 1, 2, 3))):
            yield self._order(person, self._moment())

    def _phantom(self, phone: str) -> Person:
        made_up = self.dice.random()
        person = self._person("phantom", 0.0)
        address = person.address
        if made_up < 0.45:
            address = replace(address, line1=self.dice.choice(_MASHED))
        return replace(
            person,
            phone=f"+346{self.dice.choice('12345678') * 8}" if made_up > 0.8 else phone,
            name=self.dice.choice(_MASHED) if made_up < 0.3 else person.name,
            email=f"{self.dice.randint(0, 999)}@trash.example" if self.dice.random() < 0.4 else person.email,
            address=address,
        )

    def _person(self, kind: str, takes: float, home: PostalAddress | None = None) -> Person:
        dice = self.dice
        name, surname = dice.choice(_NAMES.split()), dice.choice(_SURNAMES.split())
        town, _, code = dice.choice(_TOWNS.split(";")).partition(" ")
        address = home or PostalAddress(
            line1=f"Calle {dice.choice(_STREETS.split())} {dice.randint(1, 120)}, {dice.randint(1, 8)}º {dice.choice('ABCD')}",
            city=town,
            postcode=f"{code}{dice.randint(1, 40):02}",
            country="ES",
        )
        phone = self._phone()
        return Person(
            kind, f"{name} {surname}", phone, f"{name}.{surname}.{phone[-5:]}@{dice.choice(_MAIL)}", address, takes
        )

    def _phone(self) -> str:
        while (phone := f"+346{self.dice.randint(0, 99_999_999):08}") in self.phones:
            pass
        self.phones.add(phone)
        return phone

    def _moment(self) -> datetime:
        return START + timedelta(seconds=self.dice.randint(0, 365 * 86_400))

    def _order(self, person: Person, at: datetime) -> Placed:
        dice = self.dice
        street, comma, door = person.address.line1.partition(", ")
        if dice.random() < 0.5:
            street = street.replace("Calle", "C/")
        said = {"phantom": "a phantom answers the text", "refuser": "a refuser answers the text"}
        return Placed(
            OrderFields(
                id="",
                total=Money(round(dice.lognormvariate(3.6, 0.5) * 100), "EUR"),
                placed_at=at,
                name=person.name,
                phone=person.phone,
                email=person.email.lower(),
                address=replace(person.address, line1=f"{street}{comma}{door}"),
                items=(Item(title="", sku=f"sku{dice.randint(1, 400)}"),),
            ),
            person.kind,
            takes=dice.random() < person.takes,
            answers=dice.random() < ASSUMED[said.get(person.kind, "a good customer answers the text")],
            call=dice.random(),
        )
