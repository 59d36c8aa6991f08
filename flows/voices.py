"""Which voice speaks a language on the phone. A language without one is not called: words in a foreign accent confirm nothing.

Source: https://www.twilio.com/docs/voice/twiml/say/text-speech (Amazon Polly's and Google's voices), read 2026-11.
"""

from __future__ import annotations

#: Language -> (the voice, the language it speaks as Twilio names it).
VOICES: dict[str, tuple[str, str]] = {
    "en": ("Polly.Amy", "en-GB"),
    "ar": ("Polly.Zeina", "arb"),
    "fr": ("Polly.Celine", "fr-FR"),
    "hi": ("Polly.Aditi", "hi-IN"),
    "bn": ("Google.bn-IN-Standard-A", "bn-IN"),
    "es": ("Polly.Lucia", "es-ES"),
    "pt": ("Polly.Ines", "pt-PT"),
    "id": ("Google.id-ID-Standard-A", "id-ID"),
    "tr": ("Polly.Filiz", "tr-TR"),
    "ru": ("Polly.Tatyana", "ru-RU"),
    "it": ("Polly.Carla", "it-IT"),
    "de": ("Polly.Marlene", "de-DE"),
    "nl": ("Polly.Lotte", "nl-NL"),
    "pl": ("Polly.Ewa", "pl-PL"),
    "ro": ("Polly.Carmen", "ro-RO"),
    "uk": ("Google.uk-UA-Standard-A", "uk-UA"),
    "ms": ("Google.ms-MY-Standard-A", "ms-MY"),
    "vi": ("Google.vi-VN-Standard-A", "vi-VN"),
    "th": ("Google.th-TH-Standard-A", "th-TH"),
    "fil": ("Google.fil-PH-Standard-A", "fil-PH"),
}


def speaks(language: str) -> bool:
    return language.split("-")[0] in VOICES
