"""A number that a customer gives, asks about and takes back by mail: each mail is signed, so it can be written and leaves."""

from __future__ import annotations

from flows import pointers
from flows.effects import Say
from tests.flows.shop import BEN, MAIL, POLICIES, SHOP, fields, told, wrote
from tests.flows.world import World


class Mailed(World):
    """Only the mailbox is left: the customer wants no WhatsApp, and texts are paused."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = POLICIES["paused"]
        self.bring(told(fields("1001", consent_whatsapp=False)))
        self.run_outbox()

    def writes(self, text: str) -> None:
        to = (pointers.Pointer("email", MAIL, SHOP),)
        self.bring(wrote(text, self.next(), self.now, MAIL, to=to, channel="email", sender="orders@example.com"))

    def mails(self) -> list[str]:
        """The templates of all mails that left: a text that cannot be written fails there."""
        said = [attempt.open.effect for attempt in self.attempts]
        return [say.template for say in said if isinstance(say, Say) and say.channel == "email"]


def test_a_yes_after_a_number_is_told_again_and_can_be_written() -> None:
    """Who gives a number by mail and answers YES is told once more where the order is asked now, and that mail can be written."""
    world = Mailed()
    world.writes(f"my new number is {BEN}")
    world.writes("yes")
    world.run_outbox()
    assert world.mails().count("new_number_ok") == 2


def test_a_number_that_cannot_be_taken_back_is_said_by_a_mail_that_can_be_written() -> None:
    """Somebody has answered at the new number meanwhile: the mail that says that the question is past can be written, too."""
    world = Mailed()
    world.writes(f"my new number is {BEN}")
    world.run_outbox()
    world.bring(wrote("yes", world.next(), world.now, BEN))
    world.writes("no")
    world.run_outbox()
    assert world.mails()[-1] == "stale_button"
