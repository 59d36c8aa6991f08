// The left column: one customer's phone with its texts, its WhatsApp and its mail.
import { ask, badge, el, keep, linked, tabs } from "./dom.js";
import * as time from "./time.js";

const QUICK = { sms: ["YES", "NO", "1", "2", "3", "CANCEL", "STOP"], whatsapp: ["Yes, please", "Can you come tomorrow after 5?", "STOP"] };
/** What is written on WhatsApp in other languages. */
const QUICKLY = {
  ar: ["نعم", "هل يمكنكم القدوم غدا بعد الخامسة؟", "STOP"],
  es: ["Sí, por favor", "¿Puede venir mañana después de las 5?", "STOP"],
  fr: ["Oui, merci", "Vous pouvez passer demain après 17 h ?", "STOP"],
  hi: ["हाँ जी", "क्या आप कल शाम 5 बजे के बाद आ सकते हैं?", "STOP"],
};
const EMPTY = {
  sms: "No text yet. Place an order above: the first text comes within seconds.",
  whatsapp: "Nothing on WhatsApp yet. It is asked when the text stays unanswered: skip 4 hours.",
  mail: "No mail yet. It comes after SMS and WhatsApp stayed unanswered.",
};
const APPS = ["sms", "whatsapp", "mail"];
const ATTACH = { sms: ["picture"], whatsapp: ["voice", "picture", "place"] };
const ATTACHED = { voice: "🎤 Voice message", picture: "📷 Picture", place: "📍 Place" };
/** How a message stands, as ticks and as a word. */
const TICKS = { sent: "✓", delivered: "✓✓", read: "✓✓", undelivered: "!", failed: "!" };

const $ = (id) => document.getElementById(id);
let app = "sms";
let chosen = "";
const seen = {}; // "customer app" -> how many of our messages were looked at
let phones = [];
let tell = () => {};
let chooseTab = () => {};
let rtl = () => false;
let awaited = false; // an order was placed, and nothing has come yet

export const current = () => phones.find((phone) => phone.key === chosen);

/** `said(text)` shows a word to the user, `changed()` is called when another customer is looked at, `rightToLeft(tag)` tells. */
export function start(said, changed, rightToLeft) {
  tell = said;
  rtl = rightToLeft;
  chooseTab = tabs($("apps"), (name) => {
    app = name;
    show();
  });
  $("customer").addEventListener("change", (event) => {
    choose(event.target.value);
    changed();
  });
  $("reply").addEventListener("submit", (event) => {
    event.preventDefault();
    const input = $("reply-text");
    if (input.value.trim()) reply(input.value.trim()).then((sent) => sent && (input.value = ""));
  });
}

/** Looks at the customer with this key, now or as soon as there is one. */
export function choose(key) {
  chosen = key;
  show();
}

export function update(state) {
  const knew = current();
  phones = state.phones;
  // one who was chosen and is not here yet comes with the next state: this one was asked for before the order was placed
  if (!current() && (knew || !chosen) && phones.length) chosen = phones[phones.length - 1].key;
  const first = awaited && current() && APPS.find((name) => received(current()[name]));
  if (first) {
    awaited = false;
    chooseTab(first); // where texts cannot be answered, the first message comes by WhatsApp
  }
  show();
}

function show() {
  const phone = current();
  offer(options(phone));
  $("phone-number").textContent = phone ? phone.phone || phone.email : "";
  $("app").dataset.app = app;
  $("reply").hidden = app === "mail" || !phone;
  $("quick").hidden = app === "mail" || !phone || !phone[app].some((bubble) => !bubble.mine);
  $("attach").hidden = $("quick").hidden;
  if (!$("quick").hidden) quick();
  $("app").dir = phone && rtl(phone.language) ? "rtl" : "ltr";
  $("app").lang = phone?.language || "en";
  for (const tab of $("apps").querySelectorAll("[role=tab]")) count(tab, phone);
  rows(phone);
}

/** The choice of customers; left alone while it is as before, for somebody may have it open. */
function offer(told) {
  const look = JSON.stringify(told);
  if ($("customer").look === look) return;
  $("customer").look = look;
  $("customer").replaceChildren(...told.map((each) => el("option", each)));
}

function options(phone) {
  if (!phones.length) return [{ text: "nobody yet" }];
  return [...phones].reverse().map((each) => {
    const name = [each.name && `\u2068${each.name}\u2069`, `\u2066${each.phone || each.email}\u2069`].filter(Boolean).join(" · "); // each in its own direction
    const waiting = each === phone ? 0 : APPS.reduce((sum, kind) => sum + unread(each, kind), 0);
    return { value: each.key, selected: each === phone, text: waiting ? `${name} (${waiting} new)` : name };
  });
}

function rows(phone) {
  const log = $("bubbles");
  const fresh = log.dataset.of !== `${chosen} ${app}`;
  if (fresh) log.replaceChildren();
  log.dataset.of = `${chosen} ${app}`;
  const items = phone ? phone[app] : [];
  if (!items.length) {
    log.replaceChildren(el("p", { class: "empty", text: EMPTY[app] }));
    return;
  }
  log.querySelector(".empty")?.remove();
  keep(log, withDays(items), (item) => item.id || item.day, (item) => (item.day ? el("p", { class: "day", text: item.day }) : app === "mail" ? mail(item) : bubble(item)));
  if (fresh) log.scrollTop = log.scrollHeight;
  seen[`${chosen} ${app}`] = received(items);
}

/** The items with a line before each first one of a day. */
export function withDays(items) {
  let last = "";
  return items.flatMap((item) => {
    const day = time.day(item.at);
    const before = day === last ? [] : [{ day }];
    last = day;
    return [...before, item];
  });
}

function bubble(item) {
  const buttons = item.buttons.map((button) => el("button", { type: "button", text: button.title, dir: "auto", on: { click: () => press(item, button) } }));
  const ticks = item.mine ? "✓✓" : TICKS[item.status] || "";
  const word = item.mine ? "delivered" : [item.auto && "from Twilio itself", item.status].filter(Boolean).join(" · ");
  return el(
    "div",
    { class: `bubble${item.mine ? " mine" : ""}${buttons.length ? " with-buttons" : ""}`, dir: "auto" },
    item.attached ? standIn(item.attached) : linked(item.text),
    el("span", { class: "meta", dir: "ltr" }, time.clock(item.at), " ", el("span", { class: `ticks ${item.status}`, "aria-hidden": "true", text: ticks }), el("span", { class: item.mine ? "unseen" : "", text: ` ${word}` })),
    buttons.length ? el("div", { class: "choices" }, ...buttons) : null,
  );
}

/** What stands for something that nobody recorded or photographed. */
function standIn(kind) {
  const inside = { voice: ["▶ ", el("i", { class: "wave" }), " 0:07"], picture: [el("i", { class: "photo" })], place: [el("i", { class: "map" }), "Puerta del Sol"] }[kind];
  return el("span", { class: `attached ${kind}`, role: "img", "aria-label": ATTACHED[kind] }, ...inside);
}

function mail(item) {
  const from = el("p", { text: `${item.from} · ${time.clock(item.at)}` });
  return el("article", { class: "mail", dir: "auto" }, el("header", {}, el("h3", { text: item.subject || "(no subject)" }), from), linked(item.text.trim()));
}

function quick() {
  keep($("attach"), ATTACH[app], (kind) => kind, (kind) => el("button", { type: "button", text: ATTACHED[kind], on: { click: () => attach(kind) } }));
  const [tag, script] = String(current().language).split("-");
  const written = (app === "whatsapp" && script !== "Latn" && QUICKLY[tag]) || QUICK[app];
  keep($("quick"), written, (text) => text, (text) => el("button", { type: "button", text, dir: "auto", on: { click: () => reply(text) } }));
}

const reply = (text) => act((phone) => ask("reply", { phone, channel: app, text }));
const attach = (kind) => act((phone) => ask("reply", { phone, channel: app, attach: kind }));
const press = (item, button) => act((phone) => ask("press", { phone, provider_id: item.id, button: button.id }));

/** Runs an act of the customer who is looked at; the service's status is told when it did not take it. */
async function act(work) {
  const phone = current();
  if (!phone) return false; // chosen, and not known yet
  try {
    const told = await work(phone.phone);
    if (told.status < 200 || told.status > 299) tell(told.status ? `The service answered ${told.status}.` : "The service did not answer.");
    return true;
  } catch (error) {
    tell(error.message);
    return false;
  }
}

const received = (items) => items.filter((item) => !item.mine).length;
const unread = (phone, kind) => Math.max(0, received(phone[kind]) - (seen[`${phone.key} ${kind}`] || 0));

function count(tab, phone) {
  badge(tab.querySelector(".count"), phone && tab.dataset.tab !== app ? unread(phone, tab.dataset.tab) : 0);
}

/** From now on, opens the app in which the next customer's first message stands. */
export function awaits() {
  awaited = true;
  chooseTab("sms");
}

/** Opens one of the phone's apps. */
export const open = (name) => chooseTab(name);
