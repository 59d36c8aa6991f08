"""What a signal says: points, the values its sentence needs, and the orders behind it."""

from msgspec import Struct

from flows.matching import Means


class Reason(Struct, frozen=True, gc=False):
    """One signal that fired. `code` names the sentence (staff wording `risk.<code>`), `values` fill it."""

    code: str
    points: float
    values: dict[str, str] = {}
    orders: tuple[str, ...] = ()  # ids of the orders behind it, latest first
    on: tuple[Means, ...] = ()  # by what those orders were matched
    sure: bool = True  # every match behind it was sure
