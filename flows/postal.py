"""A postal address as a shop sends it. What the parts mean is read by flows.addresses."""

import zlib

from msgspec import Struct


class PostalAddress(Struct, frozen=True, gc=False):
    """Every part as the customer typed it; empty where nothing was typed. `country` is ISO 3166 alpha-2."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


def mark(address: PostalAddress) -> int:
    """A number that tells one address from another: what was found out about an address holds while its mark does."""
    parts = (address.line1, address.line2, address.city, address.region, address.postcode, address.country)
    return zlib.crc32("\0".join(parts).encode("utf-8", "replace")) or 1
