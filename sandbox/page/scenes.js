// Plays a scene: its requests go to the public routes one by one, each with a line of explanation; and the switch of languages.
import { ask, el } from "./dom.js";

/** To read a line; ?pace=3000 in the address gives more time. */
const STEP_MS = Number(new URLSearchParams(location.search).get("pace")) || 1500;
const WAIT_MS = 8000; // for what a line announces
const LOOK_MS = 150;
const LOOKS = { sms: "phone", whatsapp: "phone", mail: "phone", group: "telegram", owner: "telegram", shop: "story" };
/** New customers of scenes have numbers of their own, at the dull end of a range: +34 600 000 3xx. */
const FIRST = { ES: "+34600000300", AE: "+971500000300" };

const $ = (id) => document.getElementById(id);
let gallery = { scenes: [], phrases: {}, languages: {} };
let tools = {};
let playing = null; // the run that may go on; another object stops it
let runs = 0;

/** `with_`: say(text), state() the last state fetched, refresh() to fetch it, look(name) to show an app, chat or list, chosen(key). */
export function start(given, with_) {
  gallery = given;
  tools = with_;
  $("scenes").replaceChildren(...gallery.scenes.map(card));
  $("lang").replaceChildren(...Object.entries(gallery.languages).map(([tag, told]) => el("option", { value: tag, text: told.name, lang: tag })));
  $("stop").addEventListener("click", stop);
}

export const language = () => $("lang").value || "en";
/** Whether this language is written from right to left. */
export const rightToLeft = (tag) => Boolean((gallery.languages[tag] || gallery.languages[String(tag).split("-")[0]])?.rtl);

function card(scene) {
  return el("li", {}, el("button", { type: "button", on: { click: () => play(scene) } }, el("b", { text: scene.title }), el("span", { text: scene.about })));
}

function stop() {
  playing = null;
  $("caption").hidden = true;
}

function caption(scene, text, n, done, wrong = false) {
  $("caption").hidden = false;
  $("caption").classList.toggle("done", done);
  $("caption").classList.toggle("stopped", wrong);
  $("caption-title").textContent = scene.title;
  $("caption-text").textContent = text;
  $("caption-bar").max = scene.steps.length;
  $("caption-bar").value = n;
  $("stop").textContent = done ? "Close" : "Stop";
  if (matchMedia("(max-width: 68rem)").matches) $("caption").scrollIntoView({ block: "start" }); // with what it talks of below
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** The next free number of this country's scenes, by the customers that are known. */
function freshPhone(country) {
  const first = FIRST[country];
  const taken = tools.state().phones.map((phone) => phone.phone).filter((phone) => phone.startsWith(first.slice(0, -2)) && phone.length === first.length);
  return `+${BigInt([first, ...taken].sort().at(-1).slice(1)) + 1n}`;
}

function values(scene) {
  const phone = freshPhone(scene.country);
  const tag = scene.language || language();
  const phrase = (name) => gallery.phrases[name][tag] || gallery.phrases[name][tag.split("-")[0]] || gallery.phrases[name].en;
  const told = { $phone: phone, $email: `customer${phone.slice(-3)}@example.com`, $lang: tag };
  for (const name of Object.keys(gallery.phrases)) told[`$${name}`] = phrase(name);
  return told;
}

function filled(value, told) {
  if (Array.isArray(value)) return value.map((each) => filled(each, told));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each, told)]));
  return Object.hasOwn(told, value) ? told[value] : value;
}

/** How much stands where a step looks: grows when what it announces has come. */
function amount(where, told) {
  const state = tools.state();
  if (where === "group" || where === "owner") return state[where].messages.length;
  const phone = state.phones.find((each) => each.key === told.$phone);
  return phone ? phone[where].filter((item) => !item.mine).length : 0;
}

async function arrives(where, before, told, mine) {
  for (let waited = 0; waited < WAIT_MS && playing === mine; waited += LOOK_MS) {
    if (amount(where, told) > before) return;
    await pause(LOOK_MS);
    await tools.refresh();
  }
}

async function step(one, told, mine) {
  const before = one.until ? amount(one.until, told) : 0;
  if (one.route) {
    const answer = await ask(one.route, filled(one.body, told));
    if (answer.status !== undefined && (answer.status < 200 || answer.status > 299)) throw new Error(`The service answered ${answer.status || "nothing"}.`);
    if (answer.reached === false) throw new Error(answer.why);
    if (one.route === "order") {
      told.$id = answer.id;
      tools.chosen(answer.key);
    }
  }
  await tools.refresh();
  if (one.until) await arrives(one.until, before, told, mine);
  if (one.look) tools.look(one.look, LOOKS[one.look]);
}

async function play(scene) {
  const mine = (playing = { run: ++runs });
  try {
    if (!tools.state()) await tools.refresh(); // pressed before the page knew who is there
    if (!tools.state()) return stop();
    const told = values(scene);
    for (const [n, one] of scene.steps.entries()) {
      if (playing !== mine) return;
      caption(scene, one.says, n + 1, false);
      await step(one, told, mine);
      await pause(STEP_MS);
    }
    if (playing === mine) caption(scene, `Your turn. ${scene.then}`, scene.steps.length, true);
  } catch (error) {
    if (playing === mine) caption(scene, `It stopped here: ${error.message}`, scene.steps.length, true, true);
    else tools.say(error.message);
  }
}
