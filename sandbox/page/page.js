// Wires the page: one event stream tells that something changed, then state and story are fetched and shown.
import { ask, tabs } from "./dom.js";
import * as orders from "./orders.js";
import * as phone from "./phone.js";
import * as real from "./real.js";
import * as scenes from "./scenes.js";
import * as story from "./story.js";
import * as telegram from "./telegram.js";
import * as time from "./time.js";
import * as undo from "./undo.js";

const $ = (id) => document.getElementById(id);
const TOAST_MS = 4500;
let state = null;
let tale = null;
let toastTimer = 0;
let fetching = null;
let again = false;

/** Says something for a few seconds, longer where it `stays`; screen readers hear it. */
function tell(text, stays = false) {
  clearTimeout(toastTimer);
  $("toast").textContent = text;
  if (text) toastTimer = setTimeout(() => ($("toast").textContent = ""), stays ? 3 * TOAST_MS : TOAST_MS);
}

/** Fetches and shows what is new; calls while one is under way lead to one more. */
function refresh() {
  again = true;
  fetching ??= (async () => {
    while (again) {
      again = false;
      try {
        [state, tale] = await Promise.all([ask("state"), ask("story").catch(() => null)]);
        show();
      } catch (error) {
        tell(`The playground does not answer: ${error.message}`);
      }
    }
    fetching = null;
  })();
  return fetching;
}

function show() {
  if (!state) return;
  phone.update(state);
  const whose = phone.current();
  time.setClock(tale?.clock?.now || state.now, whose?.zone);
  phone.update(state);
  telegram.update(state);
  story.update(tale, whose);
  orders.update(state, whose);
  real.update(state);
  showClock();
}

function showClock() {
  const now = time.now();
  $("now").textContent = `${time.day(now)}, ${time.clock(now)}`;
  $("zone").textContent = time.zoneName();
  $("phone-time").textContent = time.clock(now);
}

async function skip(button) {
  const all = document.querySelectorAll("[data-skip]");
  for (const each of all) each.disabled = true;
  tell("Skipping…");
  try {
    const told = await ask("skip", JSON.parse(button.dataset.skip));
    const got = told.arrived.length;
    const what = got ? `${got} message${got > 1 ? "s" : ""} on the way.` : "Nothing was sent meanwhile.";
    tell(told.reached ? `It is ${time.when(told.now)} now. ${what}` : told.why === "nothing is due" ? "Nothing is due." : `Stopped at ${time.when(told.now)}: ${told.why}.`);
  } catch (error) {
    tell(error.message);
  }
  for (const each of all) each.disabled = false;
  button.focus();
  refresh();
}

function views() {
  for (const button of document.querySelectorAll(".views [data-view]")) button.addEventListener("click", () => view(button.dataset.view));
}

/** On a small screen, shows this column; the log in it at its end. */
function view(name) {
  document.body.dataset.view = name;
  for (const each of document.querySelectorAll(".views [data-view]")) each.setAttribute("aria-pressed", String(each.dataset.view === name));
  show();
  for (const log of $(name).querySelectorAll("[role=log]")) log.scrollTop = log.scrollHeight;
}

/** Shows what a story talks of: an app of the phone, a chat, or what the shop heard. */
function look(name, column) {
  if (column === "phone") phone.open(name);
  if (column === "telegram") telegram.open(name);
  real.open(name === "shop" ? "heard" : "happened");
  view(column);
}

async function start() {
  const gallery = await ask("gallery");
  undo.start(tell);
  scenes.start(gallery, { say: tell, state: () => state, refresh, look, chosen: phone.choose });
  tabs($("begins"), (name) => {
    $("scenes").hidden = name !== "stories";
    $("gallery").hidden = name !== "orders";
  });
  phone.start(tell, show, scenes.rightToLeft);
  real.start();
  telegram.start(tell, gallery.people);
  story.start(tell);
  orders.start(tell, (key) => {
    if (key) phone.choose(key);
    phone.awaits();
    refresh();
  }, gallery);
  views();
  for (const button of document.querySelectorAll("[data-skip]")) button.addEventListener("click", () => skip(button));
  setInterval(showClock, 1000);
  await refresh();
  new EventSource("/sandbox/events").addEventListener("message", refresh);
}

start().catch((error) => tell(`The page could not start: ${error.message}`));
