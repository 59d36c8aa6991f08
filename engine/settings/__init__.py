"""config.yaml -> Settings -> policies. Faults come all at once, each with its place and mend.

settings = load("config.yaml", os.environ)      # BadSettings.faults
faults = unset(settings, "serve")               # ${NAME}s that this command needs
policies(settings)["demo"]                      # what flows decide by
"""

from engine.settings.document import Document
from engine.settings.faults import BadSettings, Fault
from engine.settings.loading import build, load, read
from engine.settings.model import Blocks, Settings, Shop
from engine.settings.policies import people, policies
from engine.settings.providers import Imap, MailServer, Meta, SmsGateway, Smtp, Telegram, Twilio
from engine.settings.sharing import shops_by_address
from engine.settings.unset import unset

__all__ = [
    "BadSettings",
    "Blocks",
    "Document",
    "Fault",
    "Imap",
    "MailServer",
    "Meta",
    "Settings",
    "Shop",
    "SmsGateway",
    "Smtp",
    "Telegram",
    "Twilio",
    "build",
    "load",
    "people",
    "policies",
    "read",
    "shops_by_address",
    "unset",
]
