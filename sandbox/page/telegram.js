// The middle column: the staff group and the owner's chat, as Telegram shows them.
import { ask, badge, el, fromTelegram, keep, link, tabs } from "./dom.js";
import { withDays } from "./phone.js";
import * as time from "./time.js";
import * as undo from "./undo.js";

const EMPTY = {
  group: "A card comes here when an order needs a person: nobody answered, something looks wrong, or the customer wants to talk.",
  owner: "Complaints and the daily numbers come here.",
  private: "What the bot says to this person alone. Send /start or /help.",
};

const $ = (id) => document.getElementById(id);
let chat = "group";
let chats = {};
let people = [];
let answering = null;
let last = null;
const seen = {}; // chat -> id of the newest message of the bot that was looked at
let tell = () => {};
let chooseTab = () => {};

export function start(said, staff) {
  tell = said;
  people = staff;
  chooseTab = tabs($("chats"), (name) => {
    chat = name;
    answer(null);
    show();
  });
  $("say").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("say-text").value.trim();
    if (text) say(text).then((sent) => sent && ($("say-text").value = ""));
  });
  $("replying").querySelector("button").addEventListener("click", () => answer(null));
  $("who").replaceChildren(...people.map((person) => el("option", { value: person.telegram, text: `${person.name}, ${person.role}` })));
  $("who").addEventListener("change", () => last && update(last));
}

export function update(state) {
  last = state;
  const person = Number($("who").value) || owner();
  chats = { group: state.group, owner: state.owner, private: person === owner() ? state.owner : state.private[person] };
  show();
}

/** Opens the group or the owner's chat. */
export const open = (name) => chooseTab(name);

function show() {
  const log = $("messages");
  const whose = chat === "private" ? `private ${$("who").value}` : chat;
  const fresh = log.dataset.of !== whose;
  if (fresh) log.replaceChildren();
  log.dataset.of = whose;
  const messages = chats[chat]?.messages || [];
  $("who").disabled = chat === "owner";
  if (chat === "owner") $("who").value = String(owner());
  if (!messages.length) {
    log.replaceChildren(el("p", { class: "empty", text: EMPTY[chat] }));
  } else {
    log.querySelector(".empty")?.remove();
    keep(log, withDays(messages), (item) => item.message_id || item.day, (item, changed) => (item.day ? el("p", { class: "day", text: item.day }) : message(item, changed && !fresh)));
    if (fresh) log.scrollTop = log.scrollHeight;
  }
  seen[chat] = newest(chat);
  if (chat === "private" && who() === owner()) seen.owner = seen.private;
  let waiting = 0;
  for (const tab of $("chats").querySelectorAll("[role=tab]")) {
    const same = tab.dataset.tab === "private" && (chat === "private" || Number($("who").value) === owner()); // the owner has a tab
    const unread = tab.dataset.tab === chat || same ? 0 : fromBot(tab.dataset.tab).filter((m) => m.message_id > (seen[tab.dataset.tab] || 0)).length;
    badge(tab.querySelector(".count"), unread);
    waiting += unread;
  }
  const elsewhere = document.body.dataset.view !== "telegram" && getComputedStyle(document.querySelector(".views")).display !== "none";
  badge(document.querySelector("[data-unread=telegram]"), elsewhere ? waiting : 0);
}

const owner = () => people.find((person) => person.role === "owner").telegram;
const fromBot = (name) => (chats[name]?.messages || []).filter((m) => m.from_bot);
const newest = (name) => Math.max(0, ...fromBot(name).map((m) => m.message_id));
const who = () => (chat === "owner" ? owner() : Number($("who").value));
/** Presses that decide about an order, and that its card can take back. */
const DECIDES = /^c:(confirm|cancel):/;
/** Telegram's address of a message in a private group: https://t.me/c/1234567890/15. */
const PLACE = /^https:\/\/t\.me\/c\/\d+\/(?:\d+\/)?(\d+)$/;
/** A card changes when Telegram's pace lets it: within seconds. */
const LOOK_MS = 250, CARD_LOOKS = 60;
const isAddress = (data) => /^(https?|tel|tg|mailto):/i.test(data);

function message(item, changed) {
  if (item.service.length) return el("p", { class: "tg service", text: `${item.sender}: ${item.service.map((s) => s.replaceAll("_", " ")).join(", ")}` });
  const replied = (chats[chat].messages || []).find((m) => m.message_id === item.reply_to);
  const text = el("div", { class: "text", dir: "auto" }, item.html ? fromTelegram(item.html) : item.text);
  const foot = [item.edits ? "edited" : "", ...item.reactions, time.clock(item.at)].filter(Boolean).join(" ");
  const answerIt = el("button", { type: "button", class: "answer", text: "Reply", "aria-label": `Reply to ${item.sender}: ${item.text.slice(0, 40)}`, on: { click: () => answer(item) } });
  return el(
    "article",
    { class: `tg${item.from_bot ? "" : " mine"}${changed ? " new" : ""}` },
    el(
      "div",
      { class: "body" },
      el("span", { class: "sender", text: item.anonymous ? "Group" : item.sender }),
      replied ? el("div", { class: "quote", text: replied.text, dir: "auto" }) : null,
      ...item.media.map((kind) => el("p", { class: "service", text: `[${kind}]` })),
      text,
      el("div", { class: "foot" }, answerIt, el("span", { class: "meta", text: foot })),
    ),
    item.buttons.length ? el("div", { class: "keys" }, ...item.buttons.map((row) => el("div", {}, ...row.map(([title, data]) => button(item, title, data))))) : null,
  );
}

function button(item, title, data) {
  const place = PLACE.exec(data);
  if (place) return el("button", { type: "button", text: title, dir: "auto", on: { click: () => goTo(place[1]) } });
  if (isAddress(data)) return link(data, title);
  return el("button", { type: "button", text: title, dir: "auto", on: { click: (event) => press(event.currentTarget, item, data) } });
}

/** A link to a message of the group leads to it here, as in the app. */
function goTo(id) {
  if (chat !== "group") chooseTab("group");
  const found = [...$("messages").children].find((node) => node.dataset.key === id);
  if (!found) return tell("That message is further up than this page shows.");
  found.tabIndex = -1;
  found.scrollIntoView({ block: "nearest" });
  return found.focus();
}

function answer(item) {
  answering = item;
  $("replying").hidden = !item;
  $("replying").querySelector("span").textContent = item ? `Replying to: ${item.text.split("\n")[0]}` : "";
  if (item) $("say-text").focus();
}

async function press(node, item, data) {
  node.setAttribute("aria-disabled", "true");
  try {
    const asked = { who: who(), chat, message_id: item.message_id };
    const told = await ask("staff/press", { ...asked, data });
    tell(told.toast || (told.answered ? "" : "The bot did not answer this press."), told.alert);
    if (DECIDES.test(data)) undo.remember(`${node.textContent} on the card`, () => takeBack(asked));
  } catch (error) {
    tell(error.message);
  }
  node.removeAttribute("aria-disabled");
}

/** Presses the card's own Undo, which comes with the card's next edit and is there while the decision can be taken back. */
async function takeBack(asked) {
  let way = null;
  for (let looks = 0; !way && looks < CARD_LOOKS; looks++) {
    if (looks) await new Promise((done) => setTimeout(done, LOOK_MS));
    const state = await ask("state");
    const room = { group: state.group, owner: state.owner }[asked.chat] || state.private[asked.who] || state.owner;
    way = room.messages.find((m) => m.message_id === asked.message_id)?.buttons.flat().find(([, data]) => /^c:undo:/.test(data));
  }
  if (!way) throw new Error("its card shows no Undo");
  const told = await ask("staff/press", { ...asked, data: way[1] });
  if (told.toast) tell(told.toast);
}

async function say(text) {
  try {
    await ask("staff/say", { who: who(), chat, text, reply_to: answering ? answering.message_id : null });
    answer(null);
    return true;
  } catch (error) {
    tell(error.message);
    return false;
  }
}
