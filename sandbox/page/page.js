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
const LOOK_MS = 250;
let state = null;
let tale = null;
let toastTimer = 0;
let fetching = null;
let again = false;
let life = ""; // this playground's; another one is a playground that began afresh
let shopZone = ""; // where nobody has ordered yet
const RECONNECT_MS = 2000;

/** Says something for a few seconds, longer where it `stays`; screen readers hear it. */
function tell(text, stays = false) {
  clearTimeout(toastTimer);
  $("toast").textContent = text;
  if (text) toastTimer = setTimeout(() => ($("toast").textContent = ""), stays ? 3 * TOAST_MS : TOAST_MS);
}

/** Fetches and shows what is new; calls while one is under way lead to one more. */
function refresh() {
  again = true;
  fetching ??= fetchAll().finally(() => (fetching = null));
  return fetching;
}

async function fetchAll() {
  while (again) {
    again = false;
    const got = await Promise.all([ask("state"), ask("story").catch(() => null)]).catch((error) => tell(`The playground does not answer: ${error.message}`));
    if (!got) continue;
    [state, tale] = got;
    if (state.life !== life) return location.reload(); // everything shown here is of the playground before
    show();
  }
}

/** Hears of every change. A stream that ends is opened again by the browser, one that is refused by us. */
function listen() {
  const stream = new EventSource("/sandbox/events");
  stream.addEventListener("message", refresh);
  stream.addEventListener("error", () => stream.readyState === EventSource.CLOSED && setTimeout(listen, RECONNECT_MS));
}

function show() {
  if (!state) return;
  phone.update(state);
  const whose = phone.current();
  time.setClock(tale?.clock?.now || state.now, whose?.zone || shopZone);
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
  if (document.activeElement === document.body) button.focus(); // a disabled button loses it; whoever went on keeps it
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
  ({ life, zone: shopZone } = gallery);
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
  afresh();
  await refresh();
  listen();
}

/** Everything away that happened here. The service starts again meanwhile: the page looks until it is another one. */
function afresh() {
  $("afresh-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    $("afresh").close();
    tell("Beginning afresh …", true);
    try {
      await ask("afresh", {});
      while (true) {
        await refresh();
        await new Promise((done) => setTimeout(done, LOOK_MS));
      }
    } catch (error) {
      tell(error.message);
    }
  });
}

start().catch((error) => tell(`The page could not start: ${error.message}`));
