"""A town whose WhatsApp goes through Meta: the pretend Cloud API beside the other providers, and what a shop would set up there."""

from __future__ import annotations

from flows.wording import wa_template
from sandbox.meta import MetaAccount, MetaRules, PretendMeta
from sandbox.world import World

META_ACCOUNT = MetaAccount("106540352242922", "town-meta-token", "town-app-secret", "verify-me", "34911000002", "204")
META_ENV = {"META_TOKEN": "town-meta-token", "META_APP": "town-app-secret", "META_VERIFY": "verify-me"}
#: Our languages that the town's templates come in.
TOWN_LANGS = ("en", "es")


def pretend_meta(world: World, service_url: str, approved: tuple[str, ...], rules: MetaRules | None) -> PretendMeta:
    """With our templates of these names, approved."""
    meta = PretendMeta(world, META_ACCOUNT, f"{service_url}/hooks/meta", rules)
    for name in approved:
        for lang in TOWN_LANGS:
            template = wa_template(name, lang)
            meta.register_template(f"doorstep_{name}", lang, template.body, [title for _, title in template.buttons])
    return meta


def meta_settings(url: str, approved: tuple[str, ...], more: str = "") -> str:
    """The blocks of config.yaml."""
    named = ", ".join(f"{n}: {{{', '.join(f'{lang}: doorstep_{n}' for lang in TOWN_LANGS)}}}" for n in approved)
    return f"""
meta:
  phone_number_id: "{META_ACCOUNT.phone_number_id}"
  number: "+{META_ACCOUNT.display_phone_number}"
  waba_id: "{META_ACCOUNT.waba_id}"
  access_token: "${{META_TOKEN}}"
  app_secret: "${{META_APP}}"
  verify_token: "${{META_VERIFY}}"
  base_url: {url}
  templates: {{{named}}}
  {more}
channels: {{sms: twilio, whatsapp: meta, email: smtp}}
"""
