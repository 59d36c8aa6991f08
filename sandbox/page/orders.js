// The strip of sample orders, one's own order, and making trouble.
import { ask, badge, el, keep } from "./dom.js";
import { language } from "./scenes.js";
import * as undo from "./undo.js";

const PLATFORMS = { shopify: "Shopify webhook", woocommerce: "WooCommerce webhook", api: "orders API" };
const PROVIDERS = { twilio: "Twilio (SMS, WhatsApp)", meta: "Meta (WhatsApp)", smtp: "Mail server", telegram: "Telegram" };
const FACTS = {
  landline: "a landline", no_whatsapp: "not on WhatsApp", unknown: "unknown to its network", unreachable: "switched off",
  opted_out: "said STOP to every sender", no_receipt: "no delivery report comes back",
};
const $ = (id) => document.getElementById(id);
let tell = () => {};
let placed = () => {};

/** `ordered(key)` is called with the customer of each order that was taken. */
export function start(said, ordered, gallery) {
  tell = said;
  placed = ordered;
  $("gallery").replaceChildren(...gallery.samples.map(card));
  for (const opener of document.querySelectorAll("[data-opens]")) opener.addEventListener("click", () => $(opener.dataset.opens).showModal());
  for (const closer of document.querySelectorAll("[data-closes]")) closer.addEventListener("click", () => closer.closest("dialog").close());
  own(gallery.countries);
  trouble(gallery.providers);
}

function card(sample) {
  const press = (event) => place(event.currentTarget, { sample: sample.name });
  return el("li", {}, el("button", { type: "button", on: { click: press } }, el("b", { text: sample.title }), el("span", { text: sample.about }), el("i", { text: PLATFORMS[sample.platform] })));
}

async function place(node, body) {
  node.setAttribute("aria-disabled", "true");
  try {
    const told = await ask("order", body);
    if (told.status < 200 || told.status > 299) throw new Error(why(told));
    tell(`Order ${told.id} was taken.`);
    placed(told.key);
    return "";
  } catch (error) {
    tell(error.message);
    return error.message;
  } finally {
    node.removeAttribute("aria-disabled");
  }
}

/** The service's own words for a refusal. */
function why(told) {
  const body = told.answer;
  const faults = body && (body.faults || body.errors || body.error || body.detail);
  const text = Array.isArray(faults) ? faults.map((f) => (typeof f === "string" ? f : Object.values(f).join(": "))).join("\n") : faults;
  return `The service answered ${told.status || "nothing"}.${text ? `\n${typeof text === "string" ? text : JSON.stringify(text)}` : ""}`;
}

function own(countries) {
  const form = $("own-form");
  form.elements.country.replaceChildren(...Object.entries(countries).map(([code, c]) => el("option", { value: code, text: `${c.name} (${c.currency})` })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = (name) => form.elements[name].value.trim();
    const titles = field("items").split(",").map((title) => title.trim()).filter(Boolean);
    const order = {
      name: field("name"), phone: field("phone") || null, email: field("email") || null, total: field("total"), currency: countries[field("country")].currency,
      payment: field("payment"), address: { line1: field("line1"), city: field("city"), postcode: field("postcode"), country: field("country") },
      language: language(),
      items: titles.map((title) => ({ title, quantity: 1 })), consent: { whatsapp: true },
    };
    const wrong = await place(form.querySelector("[type=submit]"), { order });
    form.querySelector(".wrong").textContent = wrong;
    if (!wrong) $("own").close();
  });
}

function trouble(providers) {
  const form = $("break");
  form.elements.provider.replaceChildren(...providers.map((name) => el("option", { value: name, text: PROVIDERS[name] || name })));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const provider = form.elements.provider.value;
    ask("fault", { provider, ...JSON.parse(form.elements.kind.value) })
      .then(() => undo.remember(`${provider} is broken`, undo.request("fault", { mend: true, provider })))
      .catch((error) => tell(error.message));
  });
  $("mend").addEventListener("click", () => ask("fault", { mend: true }).catch((error) => tell(error.message)));
}

/** Shows what is broken, and what is true of this customer's number. */
export function update(state, phone) {
  badge($("broken"), state.faults.length);
  const words = state.faults.map((f, n) => ({ n, text: `${f.provider}: ${f.kind.replaceAll("_", " ")}${f.kind.endsWith("status") ? ` ${f.status}` : ""}, ${f.times < 0 ? "until mended" : `${f.times} more`}` }));
  keep($("faults"), words, (item) => item.n, (item) => el("li", { text: item.text }));
  const facts = phone && phone.phone ? Object.keys(FACTS).map((name) => ({ name, phone: phone.phone, on: phone.facts.includes(name) })) : [];
  $("facts").hidden = !facts.length;
  keep($("facts"), [{ name: "" }, ...facts], (item) => item.name, (item) => (item.name ? fact(item) : el("legend", { text: "About this customer’s number" })));
}

function fact({ name, phone, on }) {
  const box = el("input", { type: "checkbox", name, checked: on });
  box.addEventListener("change", () => {
    const facts = [...$("facts").querySelectorAll("input:checked")].map((each) => each.name); // more may be ticked than is known yet
    const before = box.checked ? facts.filter((each) => each !== name) : [...facts, name];
    ask("fault", { phone, facts })
      .then(() => undo.remember(`${phone}: ${FACTS[name]}`, undo.request("fault", { phone, facts: before })))
      .catch((error) => tell(error.message));
  });
  return el("label", {}, box, FACTS[name]);
}
