// The right column: what the service itself tells of the orders, and what is due next.
import { ask, el, keep } from "./dom.js";
import * as time from "./time.js";
import { channel, effect, line, money, spaced, stateName, timer } from "./words.js";

const EVENTS = ["paid", "shipped", "out_for_delivery", "attempt_failed", "delivered", "returned", "lost", "cancelled", "confirmed"];
/** So many things that are due are named. */
const SOON = 4;
const $ = (id) => document.getElementById(id);
let story = { conversations: [], clock: null };
let whose = null;
const picked = {}; // order -> what the shop is about to report
let tell = () => {};

export function start(said) {
  tell = said;
  $("everybody").addEventListener("change", show);
}

/** `customer`: whose story is wanted. */
export function update(told, customer) {
  if (told) story = told;
  whose = customer;
  show();
}

const about = (conversation) => $("everybody").checked || conversation.orders.some((order) => whose?.orders.includes(order.id) || (order.phone && order.phone === whose?.phone));

function show() {
  const told = story.conversations.filter(about);
  next(told);
  keep($("placed"), told.flatMap((c) => c.orders.map((order) => ({ key: `${c.id} ${order.id}`, order }))), (item) => item.key, (item) => order(item.order));
  const items = told.flatMap((c) => [...(told.length > 1 ? [title(c)] : []), ...journal(c)]);
  const empty = { kind: "empty", key: "empty", text: "Every step shows up here with its reason: who decided what, through what, and when." };
  keep($("tale"), items.length ? items : [empty], (item) => item.key, make);
}

/** What is due, soonest first: timers, and messages that wait to leave. */
function next(told) {
  const timers = told.flatMap((c) => Object.entries(c.timers).map(([name, at]) => ({ text: timer(name), at })));
  const waiting = told.flatMap((c) => c.open.map((o) => ({ text: `${effect(o.kind)}: ${o.status === "sending" ? "on its way" : "waits to leave"}`, at: o.not_before })));
  const due = [...timers, ...waiting].sort((a, b) => Date.parse(a.at || 0) - Date.parse(b.at || 0)).slice(0, SOON);
  const box = $("next");
  const look = JSON.stringify([due, time.day(time.now()), time.zoneName()]);
  if (box.dataset.look === look) return;
  box.dataset.look = look;
  const rows = due.map((d) => el("p", {}, el("span", { text: d.text }), el("time", { datetime: d.at || "", text: d.at ? time.when(d.at) : "now" })));
  const hint = el("p", { text: "Place an order, or answer on the phone." });
  box.replaceChildren(el("strong", { text: due.length ? `What comes next, in ${time.zoneName()}` : "Nothing is due" }), ...(rows.length ? rows : [hint]));
}

function title(conversation) {
  const names = conversation.orders.map((order) => `Order ${order.id}${order.name ? `, ${order.name}` : ""}`);
  return { kind: "title", key: `${conversation.id} title`, text: names.join(" · ") || "A talk without an order" };
}

/** The journal of a conversation, with a line before each first note of a day. */
function journal(conversation) {
  let last = "";
  return conversation.notes.flatMap((note) => {
    const day = time.day(note.at);
    const head = day === last ? [] : [{ kind: "head", key: `${conversation.id} ${day}`, text: day }];
    last = day;
    return [...head, { kind: "note", key: `${conversation.id} ${note.n}`, note }];
  });
}

function make(item) {
  if (item.kind === "empty") return el("p", { class: "empty", text: item.text });
  if (item.kind === "title") return el("h3", { class: "title", text: item.text });
  if (item.kind === "head") return el("h3", { text: item.text });
  return entry(item.note);
}

function entry(note) {
  const { text, quote, more, kind } = line(note);
  return el(
    "div",
    { class: `line ${kind}` },
    el("time", { datetime: note.at, text: time.clock(note.at) }),
    el("span", { class: "dot" }),
    el("p", { dir: "auto" }, text, quote ? el("q", { text: quote, dir: "auto", class: "said" }) : null, more ? el("small", { text: more }) : null),
  );
}

function order(told) {
  const how = told.decided_by ? `by ${told.decided_by}${told.via ? ` through ${channel(told.via)}` : ""}` : `version ${told.version}, step ${Number(told.rung) + 1} of the ladder`;
  const pick = el("select", { "aria-label": `What the shop reports about order ${told.id}` }, ...EVENTS.map((name) => el("option", { value: name, selected: name === picked[told.id], text: spaced(name) })));
  pick.addEventListener("change", () => (picked[told.id] = pick.value)); // the row is made anew whenever the order changes
  const form = el("form", {}, pick, el("button", { type: "submit", class: "plain", text: "Shop reports" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    report(told.id, pick.value);
  });
  return el(
    "div",
    { class: "order" },
    el("b", { text: `Order ${told.id}` }),
    el("span", { class: `state ${told.state}`, text: told.state, title: stateName(told.state) }),
    el("small", { text: [money(told.total), how].filter(Boolean).join(" · ") }),
    form,
  );
}

async function report(id, type) {
  const reason = type === "returned" ? "customer_refused" : undefined;
  try {
    const told = await ask("event", { id, type, reason });
    tell(told.status < 300 ? `The shop reported “${spaced(type)}”.` : `The service answered ${told.status}.`);
  } catch (error) {
    tell(error.message);
  }
}
