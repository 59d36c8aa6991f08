"""Words that nobody is called and no street bears: fists on a keyboard, `test`, `asdf`, `xxxx`.

Judged by single words of one field, so a real street beside a mashed word is still told. Careful where languages pile up
consonants (Strengstr., Szczecin, Čtvrť): a real customer taken for a joker costs more than a joker let through.
"""

import re

from flows.matching.countries import codes
from flows.matching.scripts import fold

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "qsdfghjklm", "wxcvbn")
_OTHER_ROWS = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "ضصثقفغعهخحجد", "شسيبلاتنمكط", "ςερτυθιοπ", "ασδφγηξκλ")
#: Runs along a row that occur in names: liberty, Doherty, Trewin, Klaster; Russian опора, Greek ποιός.
_IN_NAMES = frozenset(
    {"erty", "trew", "rewt", "poiu", "ерту", "прол", "порп", "апро", "итьб", "митя", "ропа", "орпа", "смит"}
)
_RUN = 4

_PLACEHOLDERS = codes(
    "test tests testing tester teste prueba pruebas probando prova essai тест проба проверка اختبار "
    "تجربة تست δοκιμη deneme proba asd asdf qwe qwerty abc abcd xyz xxx xx yyy zzz aaa none null nil "
    "na nan undefined unknown dummy fake foo bar foobar lorem ipsum sample example ejemplo exemple "
    "beispiel esempio blah blabla nope nada nothing nowhere random address direccion adresse "
    "indirizzo endereco adres адрес улица calle street rue strasse strada city town ciudad name "
    "nombre noname anonymous anonimo"
)
_FOLDED_PLACEHOLDERS = frozenset(fold(word) for word in _PLACEHOLDERS)
#: Any of these alone gives a field away, beside whatever else.
_TELLING = frozenset({"test", "testing", "prueba", "asdf", "qwerty", "lorem", "ipsum", "foobar", "fake", "dummy"})

_WORD = re.compile(r"[^\W\d_]+")
_SAME = re.compile(r"(.)\1{3,}")
_SYLLABLE = re.compile(r"^(..?)\1{2,}.?$")
_ROW_SYLLABLE = re.compile(r"^(...)\1+.{0,2}$")
_VOWEL_LESS = re.compile(r"^[bcdfghjklmnpqrstvwxz]{5,}$")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvxz]{7,}|[sdfghjkl]{5,}")  # 6 in Knightsbridge; the middle row by itself
_MANY_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{9,}|[sdfghjkl]{7,}")
_PILING = codes("DE AT CH LI NL BE PL CZ SK HR SI RS BA ME MK UA RU BY BG GE AM")
_CODES = re.compile(r"^[A-ZĐŠŽČĆ.]{2,}$")


def _runs() -> frozenset[str]:
    runs = {
        row[at : at + _RUN]
        for line in (*_ROWS, *_OTHER_ROWS)
        for row in (line, line[::-1])
        for at in range(len(row) - _RUN + 1)
    }
    return frozenset(runs - _IN_NAMES)


_KEY_RUNS = _runs()


def mashed(text: str, country: str = "") -> str:
    """The first word of `text` that a hand on the keyboard made, or empty. `country` (alpha-2) allows its consonants."""
    for match in _WORD.finditer(text[:300]):
        if _is_mashed(match[0], country):
            return match[0]
    return ""


def placeholder(text: str) -> str:
    """`text` where it only holds words like `test`, `n/a` or `address`, or one that gives it away; else empty."""
    words: list[str] = _WORD.findall(fold(text[:300]))
    if words and (all(word in _FOLDED_PLACEHOLDERS for word in words) or "".join(words) in _FOLDED_PLACEHOLDERS):
        return text.strip()[:40]
    return next((word for word in words if word in _TELLING), "")


def _is_mashed(word: str, country: str) -> bool:
    small = word.lower()
    if len(small) < 4:
        return False
    if _SAME.search(small) or any(small[at : at + _RUN] in _KEY_RUNS for at in range(len(small) - _RUN + 1)):
        return True
    repeated = _ROW_SYLLABLE.match(small)
    if repeated and any(repeated[1] in row or repeated[1][::-1] in row for row in (*_ROWS, *_OTHER_ROWS)):
        return True
    if len(small) >= 6 and _SYLLABLE.match(small):
        return True
    if not small.isascii():
        return False
    if _VOWEL_LESS.match(small) and country not in _PILING and not _CODES.match(word):
        return True
    return bool((_MANY_CONSONANTS if country in _PILING else _CONSONANTS).search(small))
