"""The check of Twilio's signature: the published vectors, Twilio's own validator beside it, and forgeries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from adapters.receiving import FORM, JSON, Received, form_pairs
from adapters.twilio_signature import BODY_HASH, TwilioVerifier, url_forms, verify, verify_body
from engine.ports import BadSignature
from tests.adapters.stand_in import NOW

CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
DOUBLED = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
PAGE = "/myapp.php?foo=1&bar=2"
#: Source: twilio-python tests/unit/test_request_validator.py (MIT), token 12345; recomputed by hand, read 2026-11.
VECTORS = [
    ("https://mycompany.com" + PAGE, list(CALL.items()), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("https://mycompany.com" + PAGE, list(CALL.items()), "kvajT1Ptam85bY51eRf/AJRuM3w="),  # signed with :443
    ("https://mycompany.com:443" + PAGE, list(CALL.items()), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("http://mycompany.com" + PAGE, list(CALL.items()), "0ZXoZLH/DfblKGATFgpif+LLRf4="),  # signed with :80
    ("http://mycompany.com:1234" + PAGE, list(CALL.items()), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    ("https://mycompany.com:1234" + PAGE, list(CALL.items()), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("https://mycompany.com" + PAGE, DOUBLED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
]
SHARED = Path(__file__).parents[4] / "shared" / "data" / "vectors" / "twilio-python-mit" / "request_validator.json"
ALPHABET = "abcXYZ019 +&=%?/#'\"@:;~-_.é👍ع\n"
RANDOM_CASES = 2_000
FLIPS = 2_000


@pytest.mark.parametrize(("url", "params", "signature"), VECTORS)
def test_accepts_the_published_vectors(url: str, params: list[tuple[str, str]], signature: str) -> None:
    """Every signature that Twilio's own tests call good is good here."""
    assert verify(url_forms(url), params, signature, [b"12345"])
    assert not verify(url_forms(url), params, signature, [b"12346"])


def test_accepts_the_vector_of_a_json_body() -> None:
    """A body that is no form is proved by its hash in the signed query, and only that very body."""
    urls = url_forms(f"https://mycompany.com{PAGE}&{BODY_HASH}={JSON_HASH}")
    signature = "a9nBmqA0ju/hNViExpshrM61xv4="
    assert verify_body(urls, JSON_BODY, JSON_HASH, signature, [b"12345"])
    assert not verify_body(urls, JSON_BODY + b" ", JSON_HASH, signature, [b"12345"])
    assert not verify_body(urls, JSON_BODY, "", signature, [b"12345"])


def test_the_verifier_of_the_routes_accepts_the_shared_vectors() -> None:
    """What the routes use accepts every vector of the shared file at the vector's own path."""
    if not SHARED.exists():
        pytest.skip("the shared vectors are not here")
    data = json.loads(SHARED.read_text("utf-8"))
    for case in data["cases"]:
        scheme, _, rest = case["uri"].partition("://")
        host, slash, path = rest.partition("/")
        check = TwilioVerifier(f"{scheme}://{host}", [data["token"]])
        assert case["valid"]
        check(_request(slash + path, case, case["signature"]))
        with pytest.raises(BadSignature):
            check(_request(slash + path + "&x=1", case, case["signature"]))


def _request(target: str, case: dict[str, Any], signature: str) -> Received:
    from urllib.parse import urlencode

    headers = {"x-twilio-signature": signature}
    if "body" in case:
        return Received(case["body"].encode(), target, {**headers, "content-type": JSON}, NOW)
    params = case["params"]
    pairs = list(params.items()) if isinstance(params, dict) else [tuple(pair) for pair in params]
    return Received(urlencode(pairs).encode(), target, {**headers, "content-type": FORM}, NOW)


class _Multi(dict[str, list[str]]):
    """Fields that may stand there twice, in the shape that Twilio's validator knows."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def _random_case(rng: random.Random) -> tuple[str, list[tuple[str, str]], str]:
    def word(most: int) -> str:
        return "".join(rng.choices(ALPHABET, k=rng.randint(0, most)))

    host = rng.choice(["a.example", "a.example:443", "a.example:8443", "a.example:80"])
    url = f"{rng.choice(['https', 'http'])}://{host}/h?x={rng.randint(0, 9)}"
    params = [
        (rng.choice(["A", "B", "Body", "From"]) + rng.choice(["", "1"]), word(12)) for _ in range(rng.randint(0, 6))
    ]
    signed = rng.choice([url, url, url.replace(":443", "").replace(":8443", "").replace(":80", ""), url + "&y=1"])
    token = rng.choice(["token", "token", "token", "other"])
    text = signed + "".join(n + v for n, v in sorted(set(params)))
    return url, params, base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def test_is_never_laxer_than_twilios_own_validator() -> None:
    """On random requests, good and bad, whatever passes here passes Twilio's validator, and good ones pass both."""
    rng, theirs = random.Random(7), RequestValidator("token")
    passed = 0
    for _ in range(RANDOM_CASES):
        url, params, signature = _random_case(rng)
        multi = _Multi()
        for name, value in params:
            multi.setdefault(name, []).append(value)
        here = verify(url_forms(url), params, signature, [b"token"])
        assert here == bool(theirs.validate(url, multi, signature)), (url, params)
        passed += here
    assert RANDOM_CASES / 4 < passed < RANDOM_CASES  # both kinds were among them


def test_one_flipped_bit_is_refused() -> None:
    """No request passes with one bit changed in its URL, a field or the signature."""
    rng = random.Random(11)
    url, params = "https://a.example/hooks?c=1", sorted(CALL.items())
    text = url + "".join(n + v for n, v in params)
    right = base64.b64encode(hmac.new(b"token", text.encode(), hashlib.sha1).digest()).decode()
    assert verify(url_forms(url), params, right, [b"token"])
    for _ in range(FLIPS):
        where, at, bit = rng.randrange(3), rng.random(), 1 << rng.randrange(7)
        flipped = [url, right, *(v for _, v in params)]
        index = (0, 1, 2 + rng.randrange(len(params)))[where]
        old = flipped[index]
        place = int(at * len(old))
        flipped[index] = old[:place] + chr(ord(old[place]) ^ bit) + old[place + 1 :]
        forged = [(name, value) for (name, _), value in zip(params, flipped[2:], strict=True)]
        assert not verify((flipped[0],), forged, flipped[1], [b"token"])


def test_both_secrets_hold_during_a_rotation() -> None:
    """A signature by either token is good; without any token no verifier can be made."""
    check = TwilioVerifier("https://mycompany.com", ["new", "12345"])
    body = "&".join(f"{n}={v.replace('+', '%2B')}" for n, v in CALL.items()).encode()
    signature = VECTORS[0][2]
    check(Received(body, PAGE, {"content-type": FORM, "x-twilio-signature": signature}, NOW))
    for tokens in ([], [""], ["12345", ""]):
        with pytest.raises(ValueError):
            TwilioVerifier("https://mycompany.com", tokens)


def test_a_path_in_the_public_url_belongs_to_the_address() -> None:
    """The proxy may or may not take the path off: the same URL is checked."""
    url = "https://mycompany.com/doorstep/hooks"
    signature = RequestValidator("t").compute_signature(url, {"A": "1"})
    check = TwilioVerifier("https://mycompany.com/doorstep/", ["t"])
    for target in ("/hooks", "/doorstep/hooks"):
        check(Received(b"A=1", target, {"content-type": FORM, "x-twilio-signature": signature}, NOW))


@pytest.mark.parametrize("signature", ["", "é", "\udcff\udcfe", "x" * 10_000, "RSOYDt4T1cUTdK1PDd93/VVr8B8"])
def test_a_nonsense_signature_is_refused_without_a_crash(signature: str) -> None:
    """Whatever stands in the header, the answer is a plain no."""
    with pytest.raises(BadSignature):
        TwilioVerifier("https://mycompany.com", ["12345"])(
            Received(b"A=1", PAGE, {"content-type": FORM, "x-twilio-signature": signature}, NOW)
        )


def test_a_form_signature_is_no_good_for_another_content_type() -> None:
    """A signature over the URL alone proves no body: without the body's hash a body that is no form is refused."""
    signature = RequestValidator("12345").compute_signature("https://mycompany.com" + PAGE, {})
    with pytest.raises(BadSignature):
        TwilioVerifier("https://mycompany.com", ["12345"])(
            Received(b"{}", PAGE, {"content-type": JSON, "x-twilio-signature": signature}, NOW)
        )


@pytest.mark.parametrize("url", ["https://user:p@x.example:8443/h", "https://[2001:db8::1]:8443/h"])
def test_addresses_that_the_library_mangles_have_one_form(url: str) -> None:
    """A URL with a user, or of an IPv6 host, is checked as it stands and in no other form."""
    assert url_forms(url) == (url,)


def test_a_form_is_read_as_the_standard_library_reads_it() -> None:
    """Our reader of forms and urllib's agree on random bodies, blank values, escapes and all."""
    from urllib.parse import parse_qsl

    rng = random.Random(3)
    for _ in range(2_000):
        body = "".join(rng.choices("ab=&+%41%C3%A9 ", k=rng.randint(0, 30))).replace(" ", "%20")
        try:
            expected = parse_qsl(body, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            with pytest.raises(ValueError):
                form_pairs(body)
            continue
        assert form_pairs(body) == expected
