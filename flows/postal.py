"""A postal address as a shop sends it. What the parts mean is read by flows.addresses."""

from msgspec import Struct


class PostalAddress(Struct, frozen=True):
    """Every part as the customer typed it; empty where nothing was typed. `country` is ISO 3166 alpha-2."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
