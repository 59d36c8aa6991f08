// The shop's side and the way out of the playground: what the shop heard, and the steps to real use as `check` sees them.
import { ask, el, keep, linked, tabs } from "./dom.js";
import * as time from "./time.js";
import { spaced } from "./words.js";

const SYSTEMS = { callback: "the shop’s program", shopify: "Shopify", woocommerce: "WooCommerce" };
const $ = (id) => document.getElementById(id);
let choose = () => {};

export function start() {
  choose = tabs($("sides"), (name) => {
    for (const side of ["happened", "heard", "real"]) $(side).hidden = side !== name;
    if (name === "real") look();
  });
  $("again").addEventListener("click", look);
}

/** Opens one of the lists: happened, heard, real. */
export const open = (name) => choose(name);

export function update(state) {
  const rows = [...state.shop].reverse();
  const empty = { n: "empty" };
  keep($("heard"), rows.length ? rows : [empty], (row) => row.n, (row) => (row === empty ? nothing() : heard(row)));
}

const nothing = () => el("p", { class: "empty", text: "Nothing yet. When an order is confirmed, changed or cancelled, the shop hears it here: Shopify and WooCommerce in the order, its own program by callback." });

function heard(row) {
  const small = Object.entries(row.detail).filter(([, value]) => ["string", "number"].includes(typeof value) && value !== "").map(([name, value]) => `${spaced(name)}: ${value}`);
  return el(
    "article",
    { class: "heard" },
    el("b", { text: `Order ${row.order}: ${spaced(row.what)}` }),
    el("span", { text: `${SYSTEMS[row.system]} · ${time.clock(row.at)}` }),
    el("small", { text: small.slice(0, 6).join(" · "), dir: "auto" }),
    el("details", {}, el("summary", { text: "as it was sent" }), el("pre", { tabindex: "0", "aria-label": `Order ${row.order} as it was sent`, text: JSON.stringify(row.detail, null, 1) })),
  );
}

async function look() {
  if (!$("steps").children.length) $("left").textContent = "Looking …";
  try {
    const { steps } = await ask("ready");
    const left = steps.filter((step) => !step.done && !step.optional).length;
    $("left").textContent = left ? `${left} of ${steps.length} steps are left.` : "Everything is set: python run.py serve";
    $("steps").replaceChildren(...steps.map(item));
  } catch (error) {
    $("left").textContent = error.message;
  }
}

function item(step) {
  const state = step.done ? "done" : step.optional ? "optional" : "to do";
  return el(
    "li",
    { class: step.done ? "done" : "" },
    el("details", { open: !step.done && !step.optional },
      el("summary", {}, el("span", { class: "tick", "aria-hidden": "true", text: step.done ? "✓" : "○" }), el("b", { text: step.title }), el("i", { text: state })),
      ...step.missing.map((text) => el("p", { class: "wrong", text })),
      ...step.how.map((text) => el("p", {}, linked(text))),
      ...step.paste.map(([where, what]) => el("p", {}, `${where}: `, el("code", { text: what }))),
    ),
  );
}
