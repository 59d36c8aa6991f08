"""How countries write addresses: languages, order of number and street, shape of postcodes, what may not be missing.

Sources: the Universal Postal Union's addressing pages (upu.int/en/Postal-Solutions/Programmes-Services/Addressing-Solutions)
and CLDR's postal code data as published in google/libaddressinput; facts read 2026-11, selection our own.
"""

import re
from collections.abc import Mapping

from msgspec import Struct


def codes(text: str) -> frozenset[str]:
    """The words of `text` as a set: how the tables here are written."""
    return frozenset(text.split())


_LANGUAGES = (
    "ES es,ca;MX es;AR es;CO es;CL es;PE es;EC es;UY es;VE es;BO es;PY es;CR es;GT es;DO es;PA es;SV es;HN es;NI es;"
    "PT pt;BR pt;AO pt;MZ pt;FR fr;BE fr,nl;LU fr,de;MC fr;CH de,fr,it;DE de;AT de;LI de;IT it;SM it;NL nl;PL pl;RO ro;"
    "MD ro,ru;RU ru;BY ru;KZ ru;KG ru;UA uk,ru;BG bg;RS bg;MK bg;BA bg;HR bg;ME bg;GR el;CY el;TR tr;"
    "AE ar;SA ar;EG ar;JO ar;KW ar;QA ar;BH ar;OM ar;IQ ar;SY ar;YE ar;SD ar;LY ar;LB ar,fr;MA fr,ar;DZ fr,ar;TN fr,ar;"
    "IN hi;NP hi;BD bn;SE nordic;NO nordic;DK nordic;FI nordic;CZ cs;SK cs;HU hu;CA fr;SN fr;CI fr;CM fr"
)
_NUMBER_FIRST = codes("GB IE US CA AU NZ FR LU MC IN BD PK LK MA DZ TN SN CI ZA NG KE GH MY PH SG HK TH VN LB")
_NUMBERED = codes(
    "GB IE US CA AU NZ FR LU MC ES PT IT SM DE AT CH LI NL BE PL CZ SK HU RO MD BG RS HR SI BA ME MK GR "
    "CY SE NO DK FI EE LV LT RU BY UA KZ TR BR AR CL UY PE EC CO MX IL MA TN DZ EG"
)
_NO_POSTCODE = codes(
    "AE QA HK AO BO BW CM CI GH GM IE JM KE KW LB LY MZ NG OM PA PE RW SA SD SY TZ TT UG YE ZW EG JO IQ "
    "MA PK BD CO BH SN CL AR EC PY DO GT HN SV NI CR UY VE"
)

_POSTCODES = {
    r"\d{5}": "ES DE FR IT MX FI TR HR RS BA ME EE LT UA MY TH SA EG MA DZ JO KW PK GT CR DO ID KR UY SM MC",
    r"\d{5}(?:[ -]?\d{4})?": "US",
    r"\d{3} ?\d{2}": "GR SE CZ SK",
    r"\d{4}": "AT CH BE DK NO HU BG AU NZ ZA TN BD CY LU LI SI MK GE AM PH VE PY MD",
    r"\d{6}": "RU KZ BY KG RO SG VN CO EC CN NG UZ TJ",
    r"[1-9]\d{2} ?\d{3}": "IN",
    r"\d{2}-?\d{3}": "PL",
    r"\d{4}-\d{3}|\d{7}": "PT",
    r"\d{5}-?\d{3}": "BR",
    r"\d{4} ?[a-z]{2}": "NL",
    r"[a-z]\d[a-z] ?\d[a-z]\d": "CA",
    r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}": "GB",
    r"[a-z]\d[\dw] ?[a-z\d]{4}": "IE",
    r"[a-z]?\d{4}(?:[a-z]{3})?": "AR",
    r"\d{7}": "IL CL JP",
    r"lv-?\d{4}": "LV",
    r"\d{5}(?:-?\d{5})?": "IR IQ",
}
_NAMES = (
    "ES spain espana espanya;GB uk united kingdom,england,scotland,wales,great britain,gb,uk;US usa,united states,us,u s a,"
    "united states of america;DE germany,deutschland,allemagne;FR france,francia,frankreich;IT italy,italia,italien;"
    "PT portugal;BR brazil,brasil;MX mexico,mejico;AR argentina;CO colombia;CL chile;PE peru;PL poland,polska;"
    "RU russia,rossiia,rossiya,russian federation,rossiiskaia federatsiia;UA ukraine,ukraina;IN india,bharat;"
    "BD bangladesh,bangladesh;AE uae,united arab emirates,alamarat;SA ksa,saudi arabia,saudi;EG egypt,msr,misr;"
    "MA morocco,maroc;GR greece,ellada,hellas;TR turkey,turkiye;RO romania;NL netherlands,nederland,holland;"
    "BE belgium,belgique,belgie;AT austria,osterreich;CH switzerland,schweiz,suisse;IE ireland,eire;CA canada;AU australia;"
    "PK pakistan;BG bulgaria,blgariia;CZ czechia,ceska republika,czech republic;HU hungary,magyarorszag;SE sweden,sverige;"
    "NO norway,norge;DK denmark,danmark;FI finland,suomi"
)
#: One city under two names, or so often abbreviated that spelling cannot tell: folded name -> the name compared.
_CITIES = (
    "mumbai=bombay;kolkata=calcutta;chennai=madras;bengaluru=bangalore;pune=poona;gurugram=gurgaon;munchen=munich;"
    "koln=cologne;wien=vienna;praha=prague;warszawa=warsaw;moskva=moscow,mskv;sankt peterburg=saint petersburg,st petersburg,"
    "spb,sankt-peterburg,peterburg,st peterburg;kyiv=kiev,kiiv;roma=rome;milano=milan;firenze=florence;napoli=naples;"
    "torino=turin;venezia=venice;genova=genoa;sevilla=seville;zaragoza=saragossa;lisboa=lisbon;bruxelles=brussels,brussel;"
    "antwerpen=anvers,antwerp;gent=gand,ghent;geneve=geneva,genf;zurich=zuerich;bucuresti=bucharest;beograd=belgrade;sofia=sofiia,"
    "sofiya;athina=athens,athinai;thessaloniki=saloniki,salonica;cairo=kahrh,lkahr,kahr,alkahr,kahra,al qahirah,qahira,le caire;"
    "alexandria=askndrih,askndri,alskndri,skndri,iskandariya,alskndrih,skndrih,alexandrie;giza=jiz,gizeh,jizh,al jizah;dubai=dbi;"
    "abu dhabi=abu zbi,abudhabi;riyadh=riad,riaz,riad,ar riyad;jeddah=jdh,jidda,jeddah;casablanca=dar bida,ldar albida;"
    "dhaka=dacca;chattogram=chittagong;ciudad de mexico=mexico city,cdmx,mexico df,mexico d f,df,d f;new york=nyc,new york city,ny;"
    "los angeles=la;sao paulo=sp,s paulo;rio de janeiro=rio,rj;istanbul=ist;delhi=new delhi,dilli,dlli;the hague=den haag,"
    "s gravenhage;hyderabad=haidrabad;frankfurt am main=frankfurt,frankfurt a m,frankfurt main,ffm;halle saale=halle;"
    "palma de mallorca=palma;donostia=san sebastian,donostia san sebastian;bilbao=bilbo;la coruna=a coruna,coruna"
)


class PostalRules(Struct, frozen=True):
    """What is usual in one country. `languages` are names of word tables; `postcode` matches a folded, whole code."""

    languages: tuple[str, ...] = ("en",)
    number_first: bool = False  # "12 High Street", not "Hauptstraße 12"
    numbered: bool = False  # an address without a house number is incomplete
    postcode: re.Pattern[str] | None = None
    postcode_inside: re.Pattern[str] | None = None  # finds it in a longer text; group 1 is the code
    has_postcode: bool = False  # people know and write it
    names: tuple[str, ...] = ()  # the country's own name, folded, as it stands at the end of an address


def _inside(shape: re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9/-])(?:[a-z]{{1,2}}-)?({shape.pattern})(?![a-z0-9/]|-\d)")


def _rules() -> dict[str, PostalRules]:
    languages = {row[:2]: (*row[3:].split(","), "en") for row in _LANGUAGES.split(";")}
    shapes = {code: re.compile(shape) for shape, codes in _POSTCODES.items() for code in codes.split()}
    names = {row[:2]: tuple(row[3:].split(",")) for row in _NAMES.split(";")}
    return {
        code: PostalRules(
            languages=languages.get(code, ("en",)),
            number_first=code in _NUMBER_FIRST,
            numbered=code in _NUMBERED,
            postcode=shapes.get(code),
            postcode_inside=_inside(shapes[code]) if code in shapes else None,
            has_postcode=code in shapes and code not in _NO_POSTCODE,
            names=names.get(code, ()),
        )
        for code in languages.keys() | shapes.keys() | names.keys() | _NUMBER_FIRST | _NUMBERED
    }


RULES: Mapping[str, PostalRules] = _rules()
#: For a country nobody described, or none given: every language that is not easily confused with another.
UNKNOWN = PostalRules(languages=("en", "es", "fr", "de", "it", "pt", "ru", "ar"))
CITY_NAMES: Mapping[str, str] = {
    other: row.partition("=")[0] for row in _CITIES.split(";") for other in row.partition("=")[2].split(",")
}


def rules_of(country: str) -> PostalRules:
    """The rules of `country` (alpha-2, upper case); a careful default for any other text."""
    return RULES.get(country, UNKNOWN)
