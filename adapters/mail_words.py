"""What a customer wrote themselves in a mail: without the quotation beneath it, and without a signature.

A signature's number would else be read as a new phone number, and a heading's "10:00" as the hour of delivery.

Weak spot: a mail program that quotes without any mark and without a heading is not known for what it does; our own reply
address in the quotation ends the answer even then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BIDI = re.compile(r"[\u200b\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
_QUOTED = re.compile(r"^\s*[>|]")
#: The line above a quotation: "On … wrote:", "El … escribió:", "… كتب:". It ends with a colon and what follows is quoted.
_HEADING = re.compile(r"[:：]\s*$")
#: Such a line that says by itself what it is: whose mail, and a moment. Yahoo marks nothing of what it quotes beneath.
_ADDRESS = re.compile(r"<\s*[^<>\s]+@[^<>\s]+\s*>")
_ADDRESSED = re.compile(r"<\s*[^<>\s]+@[^<>\s]+\s*>[^:：]{0,60}[:：]")
#: A year, or an hour.
_MOMENT = re.compile(r"\d{4}|\d{1,2}[:.h]\d{2}")
#: A heading is wrapped at some seventy characters, and names are long.
_HEADING_LINES = 4
_WRAPPED = 40
#: Who it is from, as mail programs call that line above a mail that they put below the answer without marking its lines.
_FROM = """
    From|Sender|De|De la|Da|Van|Von|Od|От|Від|Από|من|از|Fra|Från|Frå|Dari|Daripada|Expéditeur|Remitente|Remetente|Mittente|Absender
    Afzender|Avsändare|Mula sa|Nadawca|Odesílatel|Odosielateľ|Pošiljatelj|Šalje|Feladó|Küldő|Lähettäjä|Saatja|Gönderen|Kimden
    Expeditor|Отправитель|Відправник|Подател|Αποστολέας|Pengirim|Người gửi|Từ|จาก|ผู้ส่ง|מאת|المرسل|فرستنده|منجانب|प्रेषक|द्वारा
    প্রেরক|থেকে|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|Kutoka kwa
"""
_ORIGINAL = re.compile(
    r"^\s*(?:-{2,}\s*[^\d]{3,40}-{2,}|_{8,}|\*?(?:"
    + "|".join(re.escape(word.strip()) for word in _FROM.replace("\n", "|").split("|") if word.strip())
    + r")\s*[:：].*)\s*$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^-- ?$")
#: "Sent from my iPhone", "Get Outlook for iOS", "Von meinem iPhone gesendet": how such a line begins or ends, …
_SENT = re.compile(
    r"^\W*(?:sent (?:from|with|via|using)|get outlook|enviad[oa] (?:desde|con|do|de|a partir|pelo|via|a trav)|obt[eé]n(?:er)? outlook"
    r"|obter o? ?outlook|baixe o outlook|envoyé (?:de|depuis|à partir|avec|par)|télécharge[rz]? outlook|obtenez outlook"
    r"|gesendet (?:von|mit|über|vom)|outlook für|inviat[oa] (?:da|con|tramite)|ottieni outlook|scarica outlook"
    r"|(?:verzonden|verstuurd) (?:vanaf|van|met|via)|outlook voor|wysłan[eoy] (?:z|przy)|pobierz |odesláno z|odoslané z|poslano |poslato "
    r"|skickat från|skickades från|sendt fra|lähetetty |elküldve |küldve |trimis (?:de|din|cu)|отправлено (?:с|из)|надіслано (?:з|із|з)"
    r"|изпратено от|στάλθηκε από|εστάλη από|dikirim dari|dihantar |được gửi từ|gửi từ|ส่งจาก|נשלח מ|תוכנת|(?:تم )?ال?إرسال|أ?[ُ]?رسلت? من"
    r"|مُ?رسل|ارسال ?شده|发自|發自|從我的|ipinadala |imetumwa )"
    r"|(?:gesendet|gönderildi|göndərildi|から送信|보냄|भेजा गया|পাঠানো হয়েছে|بھیجا گیا)\W*$",
    re.IGNORECASE,
)
#: … and from what. A line with both, and no longer than this, says nothing about the order.
_DEVICE = re.compile(
    r"iphone|ipad|ios|android|samsung|galaxy|huawei|xiaomi|redmi|oppo|vivo|realme|outlook|yahoo|gmail|windows|blue ?mail|proton"
    r"|mail\.ru|smartphone|blackberry|mobil|móvil|celular|handy|телефон",
    re.IGNORECASE,
)
_SENT_MOST = 90
#: How letters end. What stands beneath is who wrote, not what; a word of thanks is no end.
_CLOSINGS = """
    best|best regards|kind regards|regards|warm regards|warmest regards|best wishes|sincerely|yours sincerely|yours faithfully
    yours truly|cheers|saludos|un saludo|saludos cordiales|un cordial saludo|cordial saludo|atentamente|atte|cordialement
    bien cordialement|bien à vous|sincères salutations|meilleures salutations|salutations|mit freundlichen grüßen
    mit freundlichen grüssen|freundliche grüße|viele grüße|liebe grüße|beste grüße|schöne grüße|mfg|lg|vg|atenciosamente|att
    cumprimentos|melhores cumprimentos|com os melhores cumprimentos|abraços|cordiali saluti|distinti saluti|saluti|un saluto
    met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|groeten|groetjes|mvg|pozdrawiam|z poważaniem
    med vänlig hälsning|med vänliga hälsningar|venlig hilsen|med venlig hilsen|vennlig hilsen|hälsningar|s pozdravem|s pozdravom
    üdvözlettel|tisztelettel|cu stimă|cu respect|toate cele bune|saygılarımla|iyi günler|с уважением|с уважение|с наилучшими пожеланиями
    з повагою|με εκτίμηση|salam|hormat saya|salam hormat|trân trọng|مع تحياتي|مع أطيب التحيات|تحياتي|وتفضلوا بقبول فائق الاحترام
    با احترام|با تشکر|בברכה|सादर|धन्यवाद सहित|শুভেচ্ছান্তে|lubos na gumagalang|wako mwaminifu
"""
_CLOSING = frozenset(word.strip() for word in _CLOSINGS.replace("\n", "|").split("|") if word.strip())


def answer_of(text: str, own: str = "") -> str:
    """The customer's own words. `own`: what only a mail of ours has (the reply address): the quotation begins above it at
    the latest."""
    lines = _BIDI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    kept: list[str] = []
    skip = 0
    for at, line in enumerate(lines):
        if skip:
            skip -= 1
            continue
        if _SIGNATURE.match(line) or _ORIGINAL.match(line) or (own and own in line) or _closes(line, kept):
            break
        if _QUOTED.match(line) or _by_the_app(line):
            continue
        skip = _heading(lines, at)
        if skip:
            skip -= 1
            continue
        if _says_whose(lines, at):
            break
        kept.append(line)
    return "\n".join(kept).strip()


def _heading(lines: list[str], at: int) -> int:
    """How many lines from here are the heading of a quotation whose lines are marked; 0: this is none."""
    for part in _beginning(lines, at):
        if not _HEADING.search(part[-1]) or (len(part) > 1 and "@" not in "".join(part)):
            continue
        below = next((line for line in lines[at + len(part) :] if line.strip()), "")
        if _QUOTED.match(below):
            return len(part)
    return 0


def _says_whose(lines: list[str], at: int) -> bool:
    """Whether a mail begins beneath this line, of which no line is marked: an address in <>, a moment, and a colon."""
    for part in _beginning(lines, at):
        joined = " ".join(part)
        if _dated(part) and (_ADDRESSED.search(joined) or _HEADING.search(joined)):
            return len(part) == 1 or len(part[0].strip()) >= _WRAPPED
    return False


def _beginning(lines: list[str], at: int) -> Iterator[list[str]]:
    """The line, then with those beneath it that may belong to it: a heading ends where the next one would begin."""
    for count in range(1, _HEADING_LINES + 1):
        part = lines[at : at + count]
        if len(part) < count or not part[-1].strip() or _QUOTED.match(part[-1]) or (count > 1 and _dated(part[1:])):
            return
        yield part


def _dated(part: list[str]) -> bool:
    """Whether these lines name a mail address and, beside it, a moment."""
    joined = " ".join(part)
    return bool(_ADDRESS.search(joined) and _MOMENT.search(_ADDRESS.sub("", joined)))


def _by_the_app(line: str) -> bool:
    return len(line) <= _SENT_MOST and bool(_SENT.search(line)) and bool(_DEVICE.search(line)) and "?" not in line


def _closes(line: str, kept: list[str]) -> bool:
    """Whether the letter ends here: a closing on a line of its own, under words."""
    word = " ".join(line.strip(" \t*_,.!;،。-–—").casefold().split())
    return word in _CLOSING and any(said.strip() for said in kept)
