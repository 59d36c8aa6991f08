"""What single messages mean at an open prompt."""

from __future__ import annotations

import pytest

from flows.understand import DECISIONS, INTENTS, Slots, understand


@pytest.mark.parametrize(
    ("text", "lang", "intent"),
    [
        ("yes", "en", "yes"),
        ("Haan bhai bhej do", None, "yes"),
        ("na3am", None, "yes"),
        ("aywa", "ar", "yes"),
        ("ji han", "ur", "yes"),
        ("نعم", "ar", "yes"),
        ("ok 👍", "en", "yes"),
        ("👍", "en", "yes"),
        ("👍🏽", "en", "yes"),
        ("جی", "ur", "yes"),
        ("ค่ะ", "th", "yes"),
        ("yesss!!!", "en", "yes"),
        ("Ｙｅｓ", "en", "yes"),
        ("1", "en", "yes"),
        ("١", "ar", "yes"),
        ("1️⃣", "en", "yes"),
        ("2", "en", "no"),
        ("3", "en", "cancel"),
        ("no", "es", "no"),
        ("hindi", "fil", "no"),
        ("cancel", "hi", "cancel"),
        ("confrim", "en", "yes"),
        ("cancle my order plz", "en", "cancel"),
        ("no, cancel it", "en", "cancel"),
        ("cancel it, I found it cheaper elsewhere", "en", "cancel"),
    ],
)
def test_a_clear_answer_is_sure(text, lang, intent):
    """An answer that leaves no doubt is read as what it is, and sure."""
    got = understand(text, prompt="confirm", lang=lang)
    assert (got.intent, got.sure) == (intent, True)


@pytest.mark.parametrize(
    "text",
    [
        'Liked "Reply YES to confirm"',
        "Loved “Shall we send it? Yes or cancel”",
        'Disliked "Yes"',
        "A aimé « Oui »",
        "> yes",
        "> Is this order right?\nyes",
        'you wrote "yes"',
        "yes?",
        "yes and no",
        "yes or cancel?",
        "no wait yes",
        "not yes",
        "not yet",
        "don't cancel",
        "no problem, send it",
        "yes if it is cheaper",
        "maybe yes",
        "cancel?",
        "should I cancel",
        "no cancel",
        "I would say yes when the price is right",
        "yes yes" * 400,
        "yes " * 60 + "but not now",
        "cancel the alarm for tomorrow",
        "see you soon",
        "are you a bot",
        "ok thanks",
        "my sister says yes",
        "🤔",
        "",
        " \n\t ",
        "\u202e\u200b",
        "zq 0¬0\rY",
        "ha ya na",
        "haan agar sasta ho",
        "oui si vous baissez le prix",
        "نعم إذا خفضتم السعر",
        "order cancel mat karo",
        "لا تلغي الطلب",
    ],
)
def test_what_leaves_a_doubt_decides_nothing(text):
    """Quotes, tapbacks, questions, negations, conditions and contradictions are never a sure decision."""
    got = understand(text, prompt="confirm")
    assert not (got.sure and got.intent in DECISIONS), got


@pytest.mark.parametrize(
    ("text", "lang", "part", "slots"),
    [
        ("yes but bring it after 6", "en", "change_time", Slots(window="18:00-")),
        ("yes but my number changed 0300 1234567", "ur", "change_phone", Slots(phone="+923001234567")),
        ("oui mais livrez demain matin", "fr", "change_time", Slots(day="tomorrow", window="06:00-12:00")),
        ("haan kal shaam ko bhejna", "hi", "change_time", Slots(day="tomorrow", window="17:00-21:00")),
        ("نعم ولكن بعد الساعة 6", "ar", "change_time", Slots(window="18:00-")),
    ],
)
def test_a_yes_keeps_its_second_part(text, lang, part, slots):
    """A message of two parts is a sure yes with the other part beside it, slots filled."""
    got = understand(text, prompt="confirm", lang=lang, country="PK" if lang == "ur" else None)
    assert (got.intent, got.sure) == ("yes", True)
    assert [(one.intent, one.slots) for one in got.parts] == [(part, slots)]
    assert got.slots == slots


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("tomorrow between 5 and 7 pm", Slots(day="tomorrow", window="17:00-19:00")),
        ("on friday before noon", Slots(day="fri", window="-12:00")),
        ("saturday morning please", Slots(day="sat", window="06:00-12:00")),
        ("deliver it today after 18:30", Slots(day="today", window="18:30-")),
    ],
)
def test_days_and_hours_are_found(text, slots):
    """A wish about the delivery time is understood with its day and window."""
    got = understand(text, prompt="confirm", lang="en")
    assert (got.intent, got.sure, got.slots) == ("change_time", True, slots)


def test_each_prompt_reads_what_it_asked_for():
    """A bare number, address or time answers the prompt that asked for one, and a digit elsewhere is only a choice."""
    assert understand("0300 1234567", prompt="number", country="PK").slots.phone == "+923001234567"
    assert understand("0300 1234567", prompt="number", country="PK").intent == "change_phone"
    assert understand("after 5", prompt="time").slots.window == "17:00-"
    address = understand("House 12, Street 4, Model Town, Lahore", prompt="address")
    assert (address.intent, address.sure) == ("change_address", True)
    assert address.slots.address == "House 12, Street 4, Model Town, Lahore"
    assert understand("2", prompt="which").slots.choice == 2
    assert not understand("1", prompt="which").sure
    why = understand("too expensive", prompt="why")
    assert (why.intent, why.slots.reason) == ("cancel", "too_expensive")
    assert understand("yes cancel it", prompt="no_what").intent == "cancel"


def test_opt_out_words_are_whole_messages():
    """STOP, START and HELP count alone; inside a sentence they do not; "stop everything" says so."""
    assert understand("STOP").intent == "stop"
    assert understand("Start.").intent == "start"
    assert understand("help").intent == "help"
    assert understand("stop everything").slots.reason == "everything"
    assert understand("I'll stop by the shop tomorrow").intent != "stop"
    assert understand("arret", lang="fr").intent == "stop"


def test_the_words_that_the_prompt_offered_are_understood():
    """An offered word means what the prompt said, in whatever language it was written."""
    got = understand("KONFIRMUJ", prompt="confirm", lang="en", offered=("KONFIRMUJ", "ZMIANA", "REZYGNUJ"))
    assert (got.intent, got.sure) == ("yes", True)
    got = understand("zmiana", prompt="confirm", lang="en", offered=("KONFIRMUJ", "ZMIANA", "REZYGNUJ"))
    assert (got.intent, got.slots.choice) == ("no", 2)


@pytest.mark.parametrize(
    ("text", "hint", "lang"),
    [
        ("haan bhej do", "en", "hi"),
        ("Bonjour, où est mon colis", "ar", "fr"),
        ("где моя посылка", None, "ru"),
        ("ok", None, None),
        ("no", "pt", "pt"),
        ("haan ji bhej do", "ur", "ur"),
    ],
)
def test_the_language_is_the_one_written(text, hint, lang):
    """What the customer writes wins over the hint; the hint settles what languages share."""
    assert understand(text, prompt="confirm", lang=hint).lang == lang


def test_tone_is_noticed():
    """Anger and pleasure are told apart from plain answers."""
    assert understand("YOU ARE THIEVES!! THIS IS A SCAM!!!").tone == "angry"
    assert understand("thank you, perfect 😍").tone == "pleased"
    assert understand("yes").tone == "neutral"


def test_every_intent_is_a_known_one():
    """No reading invents an intent."""
    for text in ("yes", "blah", "where is my order", "I will sue you", "call me", "", "??", "12 345"):
        assert understand(text).intent in INTENTS


@pytest.mark.parametrize(
    ("text", "lang", "intent"),
    [
        ("No.", "en", "no"),
        ("stop texting me", "en", "stop"),
        ("no me escribais mas", "es", "stop"),
        ("не пишите мне больше", "ru", "stop"),
        ("I bought it elsewhere", "en", "cancel"),
        ("j'ai changé d'avis", "fr", "cancel"),
        ("передумал", "ru", "cancel"),
        ("tôi có đặt hàng", "vi", "yes"),
        ("tôi không đặt hàng", "vi", "not_me"),
        ("+", "ru", "yes"),
    ],
)
def test_short_answers_that_are_clear_are_sure(text, lang, intent):
    """A clear answer in a customer's own words is acted on without asking again."""
    got = understand(text, prompt="confirm", lang=lang)
    assert (got.intent, got.sure) == (intent, True)


def test_a_reason_is_a_cancel_only_where_it_was_asked_for():
    """ "Changed my mind" outside of a question, and a bare "mistake" anywhere, decide nothing."""
    assert not understand("I changed my mind").sure
    assert not understand("mistake", prompt="confirm").sure


@pytest.mark.parametrize("text", ["1 2", "1, 3", "2/1", "[voice message]", "<Media omitted>", "🎤 0:12"])
def test_what_holds_no_answer_is_unclear(text):
    """Two of the offered digits, and what a gateway writes for a voice note or a picture, are no answer."""
    got = understand(text, prompt="confirm")
    assert (got.intent, got.sure) == ("unclear", False)


@pytest.mark.parametrize(
    ("text", "lang", "address"),
    [
        ("yes but please send to my office, 44 King Street, Leeds", "en", "44 King Street, Leeds"),
        ("oui mais livrez au 5 rue des Lilas, Lyon", "fr", "5 rue des Lilas, Lyon"),
        ("да, только адрес другой: Москва, ул. Ленина 5", "ru", "Москва, ул. Ленина 5"),
        ("نعم بس العنوان اتغير شارع التحرير 12، الدقي", "ar", "شارع التحرير 12, الدقي"),
        ("iya tapi kirim ke Jl. Merdeka 5 Bandung", "id", "Jl. Merdeka 5 Bandung"),
    ],
)
def test_an_address_goes_on_behind_its_comma(text, lang, address):
    """A yes with a new address is a sure yes, and the address is the whole of it."""
    got = understand(text, prompt="confirm", lang=lang)
    assert (got.intent, got.sure) == ("yes", True)
    assert [part.intent for part in got.parts] == ["change_address"]
    assert got.slots.address.endswith(address)


@pytest.mark.parametrize(
    ("text", "day", "window"),
    [
        ("yes but not today, tomorrow after 4", "tomorrow", "16:00-"),
        ("yes but not before 18h", None, "18:00-"),
        ("yes, not after 6 pm", None, "-18:00"),
    ],
)
def test_not_turns_a_time_around(text, day, window):
    """ "Not today" names no day, "not after six" is before six; the yes beside it stays sure."""
    got = understand(text, prompt="confirm", lang="en")
    assert (got.intent, got.sure) == ("yes", True)
    assert (got.slots.day, got.slots.window) == (day, window)


@pytest.mark.parametrize(
    ("text", "lang"), [("si si", "it"), ("si claro", "es"), ("ja hoor", "nl"), ("haan bhai haan", "hi")]
)
def test_a_plain_yes_is_never_doubted(text, lang):
    """A yes in so many words is sure, whatever else such words are heard in."""
    got = understand(text, prompt="confirm", lang=lang)
    assert (got.intent, got.sure) == ("yes", True)


def test_a_number_follows_its_colon():
    """ "Yes. New number: …" is a sure yes with the number."""
    got = understand("Yes. New number: 07911 123456", prompt="confirm", country="GB")
    assert (got.intent, got.sure, got.slots.phone) == ("yes", True, "+447911123456")


@pytest.mark.parametrize(
    ("text", "lang", "country", "intent", "sure"),
    [
        ("terima kasih ya", "id", "ID", "thanks", True),
        ("tq banyak ye", "ms", "MY", "thanks", True),
        ("iya, terima kasih ya", "id", "ID", "yes", True),
        ("ايه", "ar", "SA", "yes", True),
        ("ايه", "ar", "EG", "unclear", False),
        ("Eh", "ar", "EG", "unclear", False),
    ],
)
def test_a_word_that_softens_or_asks_is_no_yes(text, lang, country, intent, sure):
    """ "Thanks, yes" is thanks where people say it so, and the yes of the Gulf is Egypt's "what?"."""
    got = understand(text, prompt="confirm", lang=lang, country=country)
    assert (got.intent, got.sure) == (intent, sure)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("ja klar, und der Osterhase bringt's", "de"),
        ("yes of course, and I'm the king of england", "en"),
        ("tak, jasne, już to widzę", "pl"),
        ("sì certo, come l'altra volta", "it"),
        ("sí, claro, igual que la otra vez", "es"),
        ("ta jasne 🙃", "pl"),
        ("yes sir 🙄", "en"),
        ("відправляйте хоча", "uk"),
        ("haan bhejo bhejo 🎶", "hi"),
        ("anche se confermo", "it"),
        ("obwohl ja", "de"),
    ],
)
def test_a_yes_with_a_sting_in_its_tail_is_not_sure(text, lang):
    """A yes whose further words nobody understands, and which ask nothing, is no sure yes."""
    got = understand(text, prompt="confirm", lang=lang)
    assert not (got.sure and got.intent in DECISIONS)


@pytest.mark.parametrize(
    ("text", "lang", "intent"),
    [
        ("liefert ihr auch in die Schweiz?", "de", "question"),
        ("vous faites aussi le gros pour revendre à Kaolack?", "fr", "question"),
        ("đừng gọi số này, gọi cho con gái tui 0708 123 455", "vi", "change_phone"),
        ("đừng gửi nữa", "vi", "cancel"),
        ("đúng rồi gửi đi", "vi", "yes"),
        ("đúng làm ơn", "vi", "yes"),
        ("đừng quên giao nhé", "vi", "yes"),
        ("البته بفرستید", "fa", "yes"),
        ("stop texting me 🙄", "en", "stop"),
        ("cancel my order 🙄", "en", "cancel"),
        ("thanks 🎶", "en", "thanks"),
    ],
)
def test_what_looks_like_another_decision_keeps_its_own_meaning(text, lang, intent):
    """A question may begin with the verb of "send it", "don't" without its marks is "right", and a stop with a wry face is one."""
    got = understand(text, prompt="confirm", lang=lang)
    assert got.sure
    assert got.intent == intent


@pytest.mark.parametrize(
    ("text", "lang", "intent"),
    [
        ("buenas, reciben nequi?", "es", "greeting"),
        ("livraison gratuite ?", "fr", "change_time"),
        ("who is this? wrong number mate", "en", "change_phone"),
        ("je ne suis plus à Casa, livrez à Rabat", "fr", "discount"),
        ("aoa ye konsa order hai", "ur", "not_me"),
    ],
)
def test_a_guess_that_the_words_belie_is_not_acted_on(text, lang, intent):
    """The classifier's guess is not sure where the words beside it speak against it."""
    got = understand(text, prompt="confirm", lang=lang)
    assert not (got.sure and got.intent == intent)


@pytest.mark.parametrize(
    ("text", "lang", "intent"),
    [
        ("vale señito todo bien mándelo pues", "es", "yes"),
        ("onaylıyorum kardeş gönderin gari", "tr", "yes"),
        ("لا يا عمي البيانات غلط خالص", "ar", "no"),
        ("mąż kupił gdzie indziej, proszę anulować", "pl", "cancel"),
        ("cancelen, dos semanas esperando y nadie responde, qué vergüenza", "es", "cancel"),
    ],
)
def test_words_of_their_own_beside_a_decision(text, lang, intent):
    """A decision in words that no lexicon has all of is sure where the classifier hears the same in the whole."""
    got = understand(text, prompt="confirm", lang=lang)
    assert (got.intent, got.sure) == (intent, True)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("is there a cancellation fee", "en"),
        ("what if i cancel after shipping", "en"),
        ("¿cobran algo por cancelar un pedido?", "es"),
    ],
)
def test_the_word_of_a_decision_in_a_question_about_it(text, lang):
    """Who asks about cancelling has not cancelled: it is a question, and never a decision."""
    got = understand(text, prompt="confirm", lang=lang)
    assert got.intent == "question"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("yes? who is this?", "en"),
        ("ja? wie is dit", "nl"),
        ("ναι παρακαλώ; ποιος μιλάει;", "el"),
        ("geht da noch was?", "de"),
        ("да yes نعم", "ru"),
        ("please cancel my dentist appointment on friday", "en"),
        ("evet desem ne olacak", "tr"),
        ("sí, sí, y yo me llamo Napoleón", "es"),
    ],
)
def test_a_second_witness_does_not_make_anything_a_decision(text, lang):
    """A yes that answers the phone, an ok that begins a question, irony and other people's appointments decide nothing."""
    got = understand(text, prompt="confirm", lang=lang)
    assert not (got.sure and got.intent in DECISIONS)


@pytest.mark.parametrize(
    ("text", "lang", "address"),
    [
        ("mi dirección nueva es jirón Ayacucho 540 dpto 302", "es", "change_address"),
        ("me mudé, ahora jr Ayacucho 540", "es", ""),
    ],
)
def test_a_house_number_is_no_haggling(text, lang, address):
    """Digits alone, without a price or a word of one, make no wish for a discount."""
    got = understand(text, prompt="confirm", lang=lang)
    assert got.intent != "discount"
    assert not address or got.intent == address


def test_a_plain_send_it_is_not_angry():
    """A common word of one language is no anger because an insult of another looks like it."""
    assert understand("haan bhai bhej do", prompt="confirm", lang="hi").tone == "neutral"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("refund status", "en"),
        ("return status", "en"),
        ("any update on my refund?", "en"),
        ("any news about the refund", "en"),
    ],
)
def test_a_word_of_the_parcel_beside_other_words_is_not_yet_about_it(text, lang):
    """Who asks for the state of a refund is not told where the parcel is."""
    for prompt in (None, "confirm"):
        assert understand(text, prompt=prompt, lang=lang).intent != "order_status"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("status", "en"), ("status please", "en"), ("any update?", "en"), ("tracking lampada Rossi", "it"),
        ("lamba gelmedi", "tr"), ("ส่งหรือยังคะ โคมไฟที่สั่ง", "th"), ("rastreo Mariana", "es"), ("وين طلبي يا اخي", "ar"),
    ],
)  # fmt: skip
def test_where_the_parcel_is_may_be_asked_in_a_word(text, lang):
    """A short phrase is enough where nothing else is said, or where the whole is heard as the same."""
    assert understand(text, lang=lang).intent == "order_status"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("which number reaches your service desk", "question"),
        ("is there a landline for the store?", "question"),
        ("refer and earn", "question"),
        ("connect me to an agent", "human"),
    ],
)
def test_a_fact_about_the_shop_is_no_wish_for_a_person_or_an_offer(text, intent):
    """A telephone number is told; a person is fetched."""
    assert understand(text, lang="en").intent == intent
