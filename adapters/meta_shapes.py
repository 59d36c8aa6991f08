"""The shapes of Meta's webhook bodies, as far as they are read; what stands beside is let pass.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components, read 2026-11.
"""

from __future__ import annotations

from msgspec import Raw, Struct, field


class Named(Struct):
    name: str = ""


class Contact(Struct):
    """Who is meant by the messages and statuses beside it."""

    wa_id: str = ""
    user_id: str = ""
    profile: Named = field(default_factory=Named)


class Metadata(Struct):
    """Which of our numbers it is about."""

    phone_number_id: str


class Value(Struct):
    """Each message and status is decoded by itself: an unreadable one takes nobody else's with it."""

    metadata: Metadata
    contacts: list[Contact] = []
    messages: list[Raw] = []
    statuses: list[Raw] = []


class Change(Struct):
    field: str
    value: Raw


class Entry(Struct):
    changes: list[Change]
    id: str | int = ""  # the WhatsApp Business Account
    time: int | str = 0


class Body(Struct):
    object: str
    entry: list[Entry]


class Context(Struct):
    """Which message of ours it answers. Absent on forwarded messages and, at times, under buttons."""

    id: str = ""


class Text(Struct):
    body: str = ""


class Pressed(Struct):
    """A button or a row of a list of ours."""

    id: str
    title: str = ""


class Interactive(Struct):
    type: str = ""
    button_reply: Pressed | None = None
    list_reply: Pressed | None = None


class TemplateButton(Struct):
    payload: str = ""
    text: str = ""


class Reaction(Struct):
    message_id: str = ""
    emoji: str | None = None


class Location(Struct):
    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


class Media(Struct):
    id: str = ""
    mime_type: str = "application/octet-stream"
    caption: str | None = None


class CardName(Struct):
    formatted_name: str = ""


class CardPhone(Struct):
    phone: str = ""


class Card(Struct):
    """A visiting card out of the phone's address book."""

    name: CardName = field(default_factory=CardName)
    phones: list[CardPhone] = []


class Order(Struct):
    text: str | None = None


class System(Struct):
    type: str = ""
    body: str = ""


class Edited(Struct):
    """The new wording inside an edit."""

    text: Text | None = None
    image: Media | None = None
    video: Media | None = None
    document: Media | None = None

    @property
    def media(self) -> Media | None:
        return self.image or self.video or self.document


class Original(Struct):
    """Which message was edited or taken back."""

    original_message_id: str = ""
    message: Edited | None = None


class Message(Struct):
    id: str
    type: str
    from_: str = field(name="from", default="")
    from_user_id: str = ""
    context: Context | None = None
    text: Text | None = None
    button: TemplateButton | None = None
    interactive: Interactive | None = None
    reaction: Reaction | None = None
    location: Location | None = None
    image: Media | None = None
    video: Media | None = None
    audio: Media | None = None
    document: Media | None = None
    sticker: Media | None = None
    contacts: list[Card] | None = None
    order: Order | None = None
    system: System | None = None
    edit: Original | None = None
    revoke: Original | None = None

    @property
    def media(self) -> Media | None:
        return self.image or self.video or self.audio or self.document or self.sticker


class Error(Struct):
    code: int | str = ""


class Status(Struct):
    id: str
    status: str
    recipient_id: str = ""
    recipient_type: str = ""
    recipient_user_id: str = ""
    biz_opaque_callback_data: str = ""
    errors: list[Error] = []
