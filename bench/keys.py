"""Reading and key derivation, by which a customer is known again and an import keeps its pace: `python -m bench.keys`.

CPU of one thing in this process, the least of ROUNDS, each over SIZE different things, none of them seen before. An import of
thousands of rows a second reads one of each for every row; the marks are far above what an idle machine shows.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from flows.addresses import address_keys
from flows.emails import read_email
from flows.phones import read_phone
from flows.postal import PostalAddress

ROUNDS, SIZE = 7, 500
#: The marks, in microseconds.
PHONE_US, ADDRESS_US = 200.0, 500.0

_counted = itertools.count(10_000_000)
_DOMAINS = ("gmail.com", "hotmail.es", "yahoo.es", "outlook.com", "telefonica.net")
_WORDS = ("Mayor", "Alcalá", "Gran Vía", "del Prado", "Santa Ana", "de la Paz", "Cervantes", "Velázquez")


def _phone(n: int) -> None:
    assert read_phone(f"6{n:08d}", "ES")


def _email(n: int) -> None:
    assert read_email(f"Maria.Ruiz{n}@{_DOMAINS[n % len(_DOMAINS)]}")


def _address(n: int) -> None:
    street = _WORDS[n // 1000 % len(_WORDS)]
    line = f"C/ {street} {n % 10_000} nº {n % 997 + 1}, {n % 9 + 1}º B"
    assert address_keys(PostalAddress(line1=line, city="Madrid", postcode=f"28{n % 1000:03d}", country="ES"))


def each_us(read: Callable[[int], None]) -> float:
    """CPU microseconds of one."""
    costs = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        for n in itertools.islice(_counted, SIZE):
            read(n)
        costs.append((time.process_time() - begin) / SIZE * 1e6)
    return min(costs)


def phone_us() -> float:
    """CPU of reading one phone number, in this run: a yardstick."""
    return each_us(_phone)


def main() -> None:
    for what, read, mark in (
        ("phone read", _phone, f"(to reach: <= {PHONE_US:.0f} us)"),
        ("e-mail read, with its key", _email, ""),
        ("address read, with its keys", _address, f"(to reach: <= {ADDRESS_US:.0f} us)"),
    ):
        cost = each_us(read)
        print(f"{what:<34} {1e6 / cost:8.0f}/s {cost:18.1f} us  {mark}", flush=True)


if __name__ == "__main__":
    main()
