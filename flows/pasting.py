"""An order that a colleague pastes from a call or a chat: free lines, read as far as they are plain.

    Ana Ruiz                       the first line without a digit is the name
    600 000 000                    a number that can be dialled in the shop's country
    Calle Mayor 1, 28013 Madrid    the address
    2 x Lamp                       what, and how many
    total 49.90                    the amount, in the shop's currency unless it names another

A line may begin with its name ("phone: …"); what no rule knows is kept as a note. Nothing is guessed: what is missing is named.
"""

from __future__ import annotations

import re

from msgspec import Struct

from flows import money
from flows.address_text import corrected
from flows.emails import read_email
from flows.money import Money, NotMoney
from flows.orders import Item
from flows.phones import read_phone
from flows.policy import Policy
from flows.postal import PostalAddress

#: As much as an order may say here.
TEXT_MOST = 2000
LINES_MOST = 40
_LABELS = {
    "name": "name nombre nom nome имя الاسم नाम cliente client customer",
    "phone": "phone tel telephone teléfono telefono téléphone telefone mobile móvil movil whatsapp телефон هاتف फ़ोन फोन",
    "email": "email e-mail mail correo courriel почта البريد ईमेल",
    "address": "address dirección direccion adresse morada endereço endereco адрес العنوان पता",
    "item": "item items product products producto productos article articles produto produtos товар المنتج सामान",
    "total": "total sum amount importe precio montant valor сумма итого المجموع कुल price cod",
    "note": "note nota remarque заметка ملاحظة नोट",
}
_OF_LABEL = {word: kind for kind, words in _LABELS.items() for word in words.split()}
_LABELLED = re.compile(r"^\s*([^\W\d_][\w-]{1,14})\s*[:=]\s*(.+)$")
_TOTAL = re.compile(r"^([^\W\d_]{3,8})\s+(.+)$")
_ITEM = re.compile(r"^(\d{1,3})\s*[x×*]\s*(\S.*)$|^(\S.*?)\s*[x×*]\s*(\d{1,3})$", re.IGNORECASE)
_AMOUNT = re.compile(
    r"^(?P<a>[^\d\s]{1,4})?\s*(?P<n>\d{1,3}(?:[ .,\u00a0']\d{3})*(?:[.,]\d{1,3})?|\d+(?:[.,]\d{1,3})?)"
    r"\s*(?P<b>[^\d\s]{1,4})?$"
)
_SIGNS = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "₹": "INR",
    "rs": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "zł": "PLN",
    "lei": "RON",
}


class Pasted(Struct, frozen=True):
    """What was read. `missing`: total | phone, without which no order is made."""

    name: str = ""
    phone: str = ""
    raw_phone: str = ""
    mobile: bool = True
    email: str = ""
    address: PostalAddress = PostalAddress()
    items: tuple[Item, ...] = ()
    total: Money | None = None
    note: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(n for n, given in (("phone", self.phone or self.email), ("total", self.total)) if not given)


def read(text: str, policy: Policy) -> Pasted:
    """The order in the lines; total: never raises, whatever was pasted."""
    found: dict[str, object] = {}
    items: list[Item] = []
    notes: list[str] = []
    where: list[str] = []
    for line in [part.strip() for part in text[:TEXT_MOST].splitlines() if part.strip()][:LINES_MOST]:
        kind, value = _kind(line, policy, found)
        if kind == "item":
            items.append(_item(value))
        elif kind == "address":
            where.append(value)
        elif kind == "phone" and (phone := read_phone(value, policy.country or None)) is not None:
            found |= {"phone": phone.e164, "raw_phone": value, "mobile": phone.kind != "landline"}
        elif kind == "email" and (email := read_email(value)) is not None:
            found["email"] = email.address
        elif kind == "total" and (amount := _amount(value, policy.currency)) is not None:
            found["total"] = amount
        elif kind == "name" and "name" not in found:
            found["name"] = value[:80]
        else:
            notes.append(line)
    start = PostalAddress(country=policy.country)
    address = (corrected(start, ", ".join(where)) or start) if where else start
    return Pasted(address=address, items=tuple(items), note="; ".join(notes)[:400], **found)  # type: ignore[arg-type]


def _kind(line: str, policy: Policy, found: dict[str, object]) -> tuple[str, str]:
    """What a line says, by its label, else by its looks."""
    labelled = _LABELLED.match(line)
    if labelled is not None and (kind := _OF_LABEL.get(labelled[1].casefold())):
        return kind, labelled[2].strip()
    said = _TOTAL.match(line)
    if said is not None and _OF_LABEL.get(said[1].casefold()) == "total" and _amount(said[2], policy.currency):
        return "total", said[2]
    if "@" in line and " " not in line:
        return "email", line
    if _ITEM.match(line):
        return "item", line
    if "total" not in found and _amount(line, policy.currency) and not _dialled(line, policy):
        return "total", line
    if "phone" not in found and _dialled(line, policy):
        return "phone", line
    if not any(c.isdigit() for c in line):
        return ("name" if "name" not in found else "note"), line
    return ("address" if any(c.isalpha() for c in line) else "note"), line


def _dialled(line: str, policy: Policy) -> bool:
    phone = read_phone(line, policy.country or None) if sum(c.isdigit() for c in line) >= 7 else None
    return phone is not None and phone.valid


def _item(line: str) -> Item:
    found = _ITEM.match(line)
    if found is None:
        return Item(title=line[:120], quantity=1, sku="", price=None)
    count, title = (found[1], found[2]) if found[1] else (found[4], found[3])
    return Item(title=title[:120], quantity=max(int(count), 1), sku="", price=None)


def _amount(text: str, currency: str) -> Money | None:
    found = _AMOUNT.match(text.strip())
    if found is None:
        return None
    for sign in (found["a"], found["b"]):
        if sign:
            code = _SIGNS.get(sign.casefold(), sign.upper())
            if not re.fullmatch(r"[A-Z]{3}", code):
                return None
            currency = currency if sign == "$" and currency.endswith("D") else code
    number = re.sub(r"[ \u00a0']", "", found["n"])
    mark = max(number.rfind("."), number.rfind(","))
    if mark >= 0 and (len(number) - mark - 1 == 3) and money.exponent(currency) != 3:
        mark = -1  # 1.299 and 1,299 are thousands
    whole = re.sub(r"[.,]", "", number if mark < 0 else number[:mark])
    try:
        return money.parse(whole if mark < 0 else f"{whole}.{number[mark + 1 :]}", currency)
    except NotMoney:
        return None
