"""Labelled pairs of addresses in ten countries: doors and habits of writing set down by hand.

A door has a street, a house number, a flat, a postcode and a town, each with the spellings that are really seen (the
first is the full one). A country has ways of putting them on paper: full, abbreviated, in another order, in one line,
in another script. Every two ways of one door are the same; a near-miss changes exactly what tells neighbours apart.
Nothing here asks the code under test.
"""

from collections.abc import Iterator
from typing import NamedTuple

from flows.postal import PostalAddress
from tests.flows.matching.measured import Pair


class Door(NamedTuple):
    """`street`, `flat` and `city` are spellings of the same thing, full one first."""

    street: tuple[str, ...]
    number: str
    flat: tuple[str, ...]
    postcode: str
    city: tuple[str, ...]


class Country(NamedTuple):
    code: str
    doors: tuple[Door, ...]
    ways: tuple[str, ...]  # line1 | line2 | city | postcode; s, s1, s2: street; f, f1: flat; c, c1: town
    other_kind: tuple[str, str]  # how the full street becomes another street of the same name
    other_name: tuple[str, ...]  # for each door, another street of the town with a similar name
    other_flat: tuple[str, ...]
    other_town: tuple[str, str]  # postcode, town


def _doors(rows: str) -> tuple[Door, ...]:
    """One door a line: street ; number ; flat ; postcode ; town, spellings divided by `/ `."""
    doors = []
    for row in rows.strip().splitlines():
        street, number, flat, postcode, city = (part.strip() for part in row.split(";"))
        spellings = [tuple(s.strip() for s in part.split(" / ")) for part in (street, flat, city)]
        doors.append(Door(spellings[0], number, spellings[1], postcode, spellings[2]))
    return tuple(doors)


COUNTRIES = (
    Country(
        "ES",
        _doors("""
            Calle Mayor / C/ Mayor / C. Mayor; 15; 3º B / piso 3 puerta B / 3B; 28013; Madrid
            Avenida de la Constitución / Avda. Constitucion / Av de la Constitución; 8; 2º izquierda / 2 izq / 2º izda.; 41001; Sevilla
            Plaza de España / Pza. España / Pl. de Espana; 4; 1º A / planta 1 puerta A / 1A; 50001; Zaragoza
            Paseo de Gracia / Pº de Gracia / Pso. Gracia; 92; 5º 2ª / piso 5 puerta 2 / 5 2; 08008; Barcelona
            Calle San Vicente Mártir / C/ S. Vicente Martir / Cl. San Vicente Mártir; 71; bajo / bajo / bj; 46007; Valencia
            Ronda de Segovia / Rda. de Segovia / Rda Segovia; 33; 4º C / 4 C / 4ºC; 28005; Madrid
        """),
        ("s, n, f||c|p", "s1 n, f1||c|p", "s2 nº n|f|c|p", "s n f1, p c|||", "S N F||C|p", "f, s1 n||c|p"),
        ("Calle|Avenida|Plaza|Paseo|Ronda", "Travesía"),
        ("Calle Menor", "Avenida de la Concordia", "Plaza de Portugal", "Paseo de Gracián", "Calle San Valero", "Ronda de Toledo"),
        ("4º C", "3º derecha", "1º D", "5º 1ª", "2º A", "4º D"),
        ("03001", "Alicante"),
    ),
    Country(
        "GB",
        _doors("""
            High Street / High St / High St.; 12; Flat 3 / Apt 3 / Apartment 3; LS6 1AA; Leeds
            Church Road / Church Rd / Church Rd.; 45; Flat B / Apartment B / flat b; M14 5TP; Manchester
            Station Avenue / Station Ave / Station Av; 7; Flat 12 / Apt. 12 / Unit 12; CV5 8AB; Coventry
            St John's Terrace / Saint Johns Terr / St. Johns Terrace; 101; Flat 2 / Flat 2 / Apt 2; BS2 9XY; Bristol
            Queen Victoria Street / Queen Victoria St / Queen Victoria Str; 33; Flat 4A / Apt 4A / flat 4a; EC4N 4SA; London
            Mill Lane / Mill Ln / Mill Ln.; 5; Flat 9 / Unit 9 / Apartment 9; NG1 2DF; Nottingham
        """),
        ("n s|f|c|p", "f, n s1||c|p", "f1|n s2|c|p", "f, n s, c p|||", "N S, F||C|q", "n s1 f1||c|p"),
        ("Street|Road|Avenue|Terrace|Lane", "Close"),
        ("Hill Street", "Chapel Road", "Stanton Avenue", "St James Terrace", "Queen Anne Street", "Milton Lane"),
        ("Flat 4", "Flat C", "Flat 11", "Flat 5", "Flat 4B", "Flat 8"),
        ("SW9 8HJ", "Swindon"),
    ),
    Country(
        "DE",
        _doors("""
            Goethestraße / Goethestr. / Goethe-Strasse; 12a; 2. OG links / 2. Stock li. / 2. Etage links; 80336; München / Muenchen
            Hauptstraße / Hauptstr. / Haupt Str.; 5; Wohnung 7 / Whg. 7 / Whg 7; 10827; Berlin
            Karl-Marx-Allee / Karl Marx Allee / K.-Marx-Allee; 78; 3. OG / 3. Stock / 3. Etage; 10243; Berlin
            Lindenweg / Linden-Weg / Linden Weg; 3; App. 14 / Apartment 14 / Appartement 14; 50674; Köln / Koeln
            Am Alten Markt / Am alten Markt / Alter Markt; 21; EG rechts / Erdgeschoss rechts / EG re.; 24103; Kiel
            Schillerplatz / Schillerpl. / Schiller Platz; 9; Wohnung 2 / Whg. 2 / Whg 2; 55116; Mainz
        """),
        ("s n|f|c|p", "s1 n, f1||c1|p", "s2 n|f1|c|p", "s n, f, p c|||", "S N, F||C1|p", "f, s1 n||c|p"),
        ("straße|Allee|weg|Markt|platz", "gasse"),
        ("Grillparzerstraße", "Hafenstraße", "Karl-Liebknecht-Allee", "Lärchenweg", "Am Neuen Markt", "Schlossplatz"),
        ("3. OG rechts", "Wohnung 8", "4. OG", "App. 15", "1. OG links", "Wohnung 12"),
        ("20095", "Hamburg"),
    ),
    Country(
        "FR",
        _doors("""
            Rue de la République / R. de la Republique / rue République; 24; Appartement 12 / Appt 12 / Apt. 12; 69002; Lyon
            Avenue Jean Jaurès / Av. J. Jaurès / Ave Jean Jaures; 118; Bâtiment B Appartement 3 / Bat B Appt 3 / Bât. B, Apt 3; 75019; Paris
            Boulevard Saint-Michel / Bd St Michel / Bld Saint Michel; 7 bis; 4e étage / 4ème étage / 4e etage; 75006; Paris
            Place du Général de Gaulle / Pl. du Gal de Gaulle / place General de Gaulle; 3; Porte 5; 59000; Lille
            Impasse des Lilas / Imp. des Lilas / imp Lilas; 9; Appartement 2 / Apt 2 / Appt. 2; 31400; Toulouse
            Chemin de la Croix / Ch. de la Croix / Che de la Croix; 41; Escalier C Appartement 8 / Esc. C Appt 8; 13009; Marseille
        """),
        ("n s|f|c|p", "n, s1, f1||c|p", "f|n s2|c|p", "n s, f, p c|||", "N S F||C|p", "f1, n s1||c|p"),
        ("Rue|Avenue|Boulevard|Place|Impasse|Chemin", "Quai"),
        (
            "Rue de la Résistance", "Avenue Jean Moulin", "Boulevard Saint-Marcel", "Place du Général Leclerc",
            "Impasse des Tilleuls", "Chemin de la Crête",
        ),
        ("Appartement 13", "Bâtiment A Appartement 3", "5e étage", "Porte 6", "Appartement 3", "Escalier B Appartement 8"),
        ("33000", "Bordeaux"),
    ),
    Country(
        "IT",
        _doors("""
            Via Giuseppe Garibaldi / Via G. Garibaldi / V. Giuseppe Garibaldi; 14; Interno 5 / int. 5 / Int 5; 00153; Roma
            Corso Vittorio Emanuele / C.so Vittorio Emanuele / Corso V. Emanuele; 102; Scala B Interno 9 / Sc. B int. 9; 10121; Torino
            Piazza San Marco / P.zza S. Marco / P.za San Marco; 3; Interno 2 / Int. 2 / int 2; 50121; Firenze
            Viale dei Mille / V.le dei Mille / Vle dei Mille; 66; Piano 4 / piano 4 / 4 piano; 20129; Milano
            Via XX Settembre / Via Venti Settembre / V. XX Settembre; 27; Interno 11 / int. 11 / Int 11; 16121; Genova
            Vicolo dell'Orso / Vic. dell'Orso / V.lo dell Orso; 8; Interno 1 / int. 1 / Int 1; 37121; Verona
        """),
        ("s, n|f|c|p", "s1 n, f1||c|p", "s2, n|f1|c|p", "s n f, p c|||", "S N, F||C|p", "f, s1 n||c|p"),
        ("Viale|Vicolo|Via|Corso|Piazza", "Largo"),
        ("Via Giuseppe Mazzini", "Corso Vittorio Veneto", "Piazza San Firenze", "Viale dei Tigli", "Via IV Novembre", "Vicolo dell'Olmo"),
        ("Interno 6", "Scala A Interno 9", "Interno 3", "Piano 5", "Interno 12", "Interno 4"),
        ("40121", "Bologna"),
    ),
    Country(
        "PL",
        _doors("""
            ulica Długa / ul. Dluga / Długa; 5; m. 7 / mieszkanie 7 / lok. 7; 00-238; Warszawa
            Aleje Jerozolimskie / Al. Jerozolimskie / al Jerozolimskie; 54; m. 12 / mieszk 12 / lokal 12; 00-024; Warszawa
            ulica Świętego Marcina / ul. Św. Marcina / ul Sw Marcina; 29; m. 3 / lok. 3 / mieszkanie 3; 61-806; Poznań
            plac Wolności / pl. Wolnosci / pl Wolności; 11; m. 4 / m 4 / mieszkanie 4; 50-071; Wrocław / Wroclaw
            ulica Generała Andersa / ul. Gen. Andersa / ul Andersa; 17; m. 22 / lok. 22 / m 22; 15-124; Białystok / Bialystok
            osiedle Kopernika / os. Kopernika / Os Kopernika; 8; m. 31 / m 31 / lok 31; 31-943; Kraków / Krakow
        """),
        ("s n f||c|p", "s1 n/g||c1|p", "s2 n, f1||c|p", "s1 n f, p c|||", "S N F||C1|p", "s1 n|f|c|p"),
        ("ulica|Aleje|plac|osiedle", "rondo"),
        ("ulica Dobra", "Aleje Ujazdowskie", "ulica Świętego Wojciecha", "plac Wolnica", "ulica Generała Maczka", "osiedle Kolorowe"),
        ("m. 8", "m. 21", "m. 13", "m. 5", "m. 2", "m. 13"),
        ("80-831", "Gdańsk"),
    ),
    Country(
        "RU",
        _doors("""
            улица Ленина / ул. Ленина / ul. Lenina; 5; квартира 12 / кв. 12 / kv. 12; 620014; Екатеринбург / Ekaterinburg
            Тверская улица / ул. Тверская / Tverskaya ul.; 18; квартира 41 / кв 41 / kv 41; 125009; Москва / Moscow
            проспект Мира / пр-т Мира / prospekt Mira; 102; корпус 2 квартира 9 / к. 2 кв. 9 / korp. 2 kv. 9; 129626; Москва / Moskva
            Невский проспект / Невский пр. / Nevsky prospekt; 71; квартира 3 / кв. 3 / kv. 3; 191025; Санкт-Петербург / Saint Petersburg
            Садовый переулок / Садовый пер. / Sadovy per.; 7; квартира 15 / кв.15 / kv. 15; 344002; Ростов / Rostov
            набережная Чернышевского / наб. Чернышевского / nab. Chernyshevskogo; 22; кв. 60 / кв 60 / kv 60; 410002; Саратов / Saratov
        """),
        ("s, дом n, f||c|p", "s1 n, f1||c|p", "s2, d. n, f2||c1|p", "p, c, s1, д. n, f1|||", "S, Д. N, F||C|p", "s n|f1|c|p"),
        ("улица|проспект|переулок|набережная", "бульвар"),
        ("улица Лермонтова", "Тульская улица", "проспект Маркса", "Литейный проспект", "Сенной переулок", "набережная Космонавтов"),
        ("квартира 13", "квартира 14", "корпус 3 квартира 9", "квартира 33", "квартира 51", "квартира 6"),
        ("630099", "Новосибирск"),
    ),
    Country(
        "IN",
        _doors("""
            M.G. Road / Mahatma Gandhi Road / MG Rd; 24; Flat 302 / Apt 302 / Flat No 302; 411001; Pune / Poona
            Park Street / Park St / Park St.; 57; Flat 4B / Apt 4B / flat no. 4B; 700016; Kolkata / Calcutta
            Linking Road / Linking Rd / Linking Rd.; 112; Flat 11 / Flat No. 11 / Apt 11; 400050; Mumbai / Bombay
            Anna Salai Road / Anna Salai Rd / Anna Salai Rd.; 301; Flat 6 / Flat no 6 / apt 6; 600002; Chennai / Madras
            Brigade Road / Brigade Rd / Brigade Rd.; 88; Flat 205 / Flat-205 / Flat # 205; 560001; Bengaluru / Bangalore
            Lajpat Nagar Marg / Lajpat Nagar Marg / Lajpat Nagar Mrg; 19; Flat 7 / Flat No 7 / Apt 7; 110024; New Delhi / Delhi
        """),
        ("f, n s||c|p", "n, s1|f1|c|p", "f1, n, s1||c1|p", "f, n s, c - p|||", "F, N S||C1|p", "f1, n s1, near City Bank||c|p"),
        ("Road|Street|Marg", "Lane"),
        ("N.S. Road", "Pratt Street", "Lamington Road", "Arcot Salai Road", "Bridge Road", "Lodhi Nagar Marg"),
        ("Flat 303", "Flat 4C", "Flat 12", "Flat 9", "Flat 206", "Flat 17"),
        ("302001", "Jaipur"),
    ),
    Country(
        "EG",
        _doors("""
            شارع التحرير / El Tahrir Street / Tahrir St.; 15; شقة 3 / Apt 3 / apartment 3; ; القاهرة / Cairo
            شارع الهرم / El Haram Street / Haram St; 220; شقة 12 / Apt 12 / flat 12; ; الجيزة / Giza
            شارع جمال عبد الناصر / Gamal Abdel Nasser St. / Gamal Abd El Nasser Street; 31; شقة 5 / flat 5; ; الإسكندرية / Alexandria
            شارع صلاح سالم / Salah Salem St / Salah Salem Street; 8; شقة 21 / Apt 21 / apartment 21; ; القاهرة / Cairo
            شارع محمد فريد / Mohamed Farid Street / Mohammed Fareed St; 47; شقة 9 / Apt 9 / Flat 9; ; القاهرة / Cairo
            ميدان الحجاز / Midan El Hegaz / Hegaz Square; 6; شقة 14 / Apt 14 / flat 14; ; القاهرة / Cairo
        """),
        ("s n f||c|", "n s1, f1||c1|", "f2, n s2||c1|", "s n، f، c|||", "n s1|f1|c1|", "f2, n s1, c1|||"),
        ("شارع|ميدان", "حارة"),
        ("شارع التوفيق", "شارع النيل", "شارع جمال الدين", "شارع صلاح نصر", "شارع محمود بسيوني", "ميدان الجامع"),
        ("شقة 4", "شقة 2", "شقة 15", "شقة 12", "شقة 19", "شقة 4"),
        ("", "أسوان"),
    ),
    Country(
        "US",
        _doors("""
            North Main Street / N Main St / N. Main St.; 123; Apt 4B / #4B / Apartment 4B; 62704; Springfield
            5th Avenue / Fifth Ave / 5th Ave; 350; Suite 1200 / Ste 1200 / #1200; 10118; New York / NYC
            Martin Luther King Drive / MLK Dr / Martin Luther King Dr; 78; Unit 2 / Apt 2 / #2; 60616; Chicago
            Lincoln Boulevard / Lincoln Blvd / Lincoln Blvd.; 2401; Apt 12 / # 12 / Unit 12; 90291; Los Angeles
            Saint Charles Avenue / St Charles Ave / St. Charles Ave.; 4015; Apt 3 / Unit 3 / #3; 70115; New Orleans
            County Line Road / County Line Rd / County Line Rd.; 900; Apt 21 / #21 / Unit 21; 32114; Daytona Beach
        """),
        ("n s|f|c|p", "n s1 f1||c|p", "n s2, f2||c1|p-1234", "n s1 f, c p|||", "N S F1||C|p", "f, n s1||c|p"),
        ("Street|Avenue|Drive|Boulevard|Road", "Court"),
        ("North Maple Street", "6th Avenue", "Martin Van Buren Drive", "Lindbergh Boulevard", "Saint Claude Avenue", "Country Club Road"),
        ("Apt 4C", "Suite 1300", "Unit 3", "Apt 11", "Apt 8", "Apt 12"),
        ("85004", "Phoenix"),
    ),
)  # fmt: skip


def written(way: str, door: Door, country: str) -> PostalAddress:
    """`door` put on paper in one way. Capital letters in the way mean: typed in capitals."""
    spell = {"s": door.street, "f": door.flat, "c": door.city}
    digits = "".join(c for c in door.flat[0] if c.isdigit())
    values = {"n": door.number, "p": door.postcode, "q": door.postcode.replace(" ", "").lower(), "g": digits}
    for letter, spellings in spell.items():
        for at in range(3):
            values[f"{letter}{at}"] = spellings[min(at, len(spellings) - 1)]
        values[letter] = spellings[0]
    line1, line2, city, postcode = (_fill(part, values) for part in way.split("|"))
    return PostalAddress(line1=line1, line2=line2, city=city, postcode=postcode, country=country)


def _fill(part: str, values: dict[str, str]) -> str:
    words: list[str] = []
    for piece in _pieces(part):
        small = piece.lower()
        words.append((values[small].upper() if piece != small else values[piece]) if small in values else piece)
    return "".join(words)


def _pieces(part: str) -> Iterator[str]:
    """`part` cut into field names (a letter with an optional digit, standing alone) and what is between them."""
    word = ""
    for char in part + "\0":
        if char.isalnum() or char == "º":
            word += char
            continue
        if word:
            yield word
        word = ""
        if char != "\0":
            yield char


def _near(country: Country, at: int) -> Iterator[tuple[Door, str]]:
    door = country.doors[at]
    digits = "".join(c for c in door.number if c.isdigit())
    yield door._replace(number=str(int(digits) + 2)), "the house next door"
    yield door._replace(flat=(country.other_flat[at],)), "the flat next door"
    yield door._replace(street=(country.other_name[at],)), "a street with a similar name"
    yield (
        door._replace(postcode=country.other_town[0], city=(country.other_town[1],)),
        "the same street in another town",
    )
    yield door._replace(number=f"{digits}{digits[-1]}"), "a digit doubled"
    kinds, other = country.other_kind
    for kind in kinds.split("|"):
        if kind in door.street[0]:
            yield door._replace(street=(door.street[0].replace(kind, other),)), "another kind of street of that name"
            break


def pairs() -> tuple[Pair, ...]:
    """The whole set, each door in all countries: six pairs that are one, six that are not."""
    found: list[Pair] = []
    for country in COUNTRIES:
        for at, door in enumerate(country.doors):
            papers = [written(way, door, country.code) for way in country.ways]
            for step in range(len(papers)):
                a, b = papers[step], papers[(step + 1 + at % 2) % len(papers)]
                found.append(Pair(a, b, True, "another way of writing"))
            for turn, (other, why) in enumerate(_near(country, at)):
                a, way = papers[(at + turn) % len(papers)], country.ways[(at + 2 * turn) % len(country.ways)]
                found.append(Pair(a, written(way, other, country.code), False, why))
    return tuple(found)
