// The journal in plain words. A line that is not known here is shown as it stands: nothing is hidden.

const CHANNELS = {
  sms: "SMS", whatsapp: "WhatsApp", email: "e-mail", page: "the customer’s page", call: "a call", telegram: "Telegram",
  api: "the orders API", shopify: "Shopify", woocommerce: "WooCommerce", staff: "the staff group", automatic: "the settings",
};
const STATES = { pending: "waiting for an answer", flagged: "handed to staff", held: "held for the owner", ignored: "left alone" };

export const channel = (name) => CHANNELS[name] || name;
export const spaced = (name) => String(name).replace(/[._]/g, " ");
export const stateName = (state) => STATES[state] || state;

/** Who did it: "the customer", a name from "staff:Olga", "a rule of the settings". */
function who(by) {
  const [role, name] = String(by || "").split(":");
  if (name) return name;
  return { customer: "the customer", shop: "the shop", rule: "a rule", provider: "the provider", staff: "staff", owner: "the owner" }[role] || role;
}

const LINES = {
  "order.placed": (n) => `Order ${n.order_id} came in through ${channel(n.via)}`,
  "order.ignored": (n, d) => `Not cash on delivery${d.payment ? ` (${d.payment})` : ""}: nothing to ask`,
  "order.changed": (n, d) => `The shop changed the order${d.ask === "true" ? ": the customer is asked again" : ""}`,
  "order.changed_late": () => "The shop changed the order when it was too late to ask",
  "order.moved": () => "The order moved to another number",
  "order.arrived": () => "The order came here from another number",
  "order.paid": () => "The shop says that it is paid",
  "order.shipped": () => "The shop sent the parcel",
  "order.cancel_processed": () => "The shop has taken the cancellation",
  "order.odd_event": (n, d) => `The shop reported “${spaced(d.kind)}”, which does not fit an order that is ${stateName(d.state)}`,
  "rung.asked": (n, d) => `Asked by ${channel(d.channel)}`,
  "rung.held": (n, d) => `Quiet hours: ${channel(d.channel)} waits for the morning`,
  "rung.skipped": (n, d) => `No ${channel(d.channel)}: ${spaced(d.why)}`,
  "rung.too_late": (n, d) => `${channel(d.channel)} never got out in time: taken back`,
  sent: (n) => `${channel(n.via)} took the message`,
  delivered: (n) => `Delivered by ${channel(n.via)}`,
  read: (n) => `Read on ${channel(n.via)}`,
  failed: (n, d) => `${channel(n.via)} could not deliver it (${d.provider || ""} ${d.code || ""})`,
  refused: (n, d) => `${d.provider || channel(n.via)} refused it (${d.code})`,
  never_known: (n) => `Nobody knows whether ${channel(n.via)} carried it; it is not sent twice`,
  withdrawn: (n, d) => `A message was taken back before it left: ${spaced(d.why)}`,
  unreachable: () => "No channel is left to tell the customer",
  answered: (n, d) => `The customer answered “${spaced(d.intent)}” by ${channel(n.via)}`,
  stale_button: () => "The customer pressed an old button: nothing changed",
  stopped: (n, d) => `The customer wants no more messages${d.everything === "true" ? " at all" : ` by ${channel(n.via)}`}`,
  started: (n) => `The customer takes messages by ${channel(n.via)} again`,
  small_talk: (n, d) => `The customer said “${spaced(d.intent)}”`,
  handed_over: (n, d) => `Handed to a person: ${spaced(d.why)}`,
  flagged: (n, d) => `Shown to staff: ${spaced(d.reason)}`,
  held: (n, d) => `Held, and the owner was told: ${spaced(d.reason)}`,
  decided: (n, d) => `Order ${n.order_id} is ${d.state}, by ${who(n.by)} through ${channel(n.via)}`,
  reopened: (n) => `Reopened by ${who(n.by)}`,
  undone: (n, d) => `${who(n.by)} took it back: ${stateName(d.state)} again`,
  taken: (n) => `${who(n.by)} takes care of it`,
  released: (n) => `${who(n.by)} gave it back to the group`,
  "staff.wrote": (n) => `${who(n.by)} wrote to the customer`,
  "call.unanswered": (n, d) => `${who(n.by)} called; nobody answered (${d.count})`,
  "talk.closed": (n) => `${who(n.by)} closed the talk`,
  "address.changed": () => "The customer changed the address",
  "time.wished": () => "The customer wished another time",
  no_staff_group: () => "There is no staff group to show it to",
};
const BAD = /^(refused|failed|never_known|unreachable|order\.odd_event|no_staff_group|rung\.too_late)$/;
const SAID = new Set(["text"]);
const TOLD = new Set(["id", "total", "shared", "effect", "was"]);

/** One journal line as {text, quote, more, kind}: kind is customer, staff, bad or empty. */
export function line(note) {
  const data = note.data || {};
  const known = LINES[note.what];
  const text = known ? known(note, data) : `${spaced(note.what)}${note.by ? `, by ${who(note.by)}` : ""}`;
  const quote = Object.entries(data).filter(([name]) => SAID.has(name)).map(([, value]) => value)[0] || "";
  const rest = known ? [] : Object.entries(data).filter(([name, value]) => value && !SAID.has(name) && !TOLD.has(name));
  const more = known && data.template ? spaced(data.template) : rest.map(([name, value]) => `${spaced(name)}: ${spaced(value)}`).join(", ");
  const role = String(note.by || "").split(":")[0];
  const kind = BAD.test(note.what) ? "bad" : role === "customer" ? "customer" : ["staff", "manager", "owner"].includes(role) ? "staff" : "";
  return { text, quote, more, kind };
}

const TIMERS = {
  rung: (id) => `the next question about ${id}`, remind: (id) => `a reminder to staff about ${id}`, call: (id) => `staff may call again about ${id}`,
  ship: (id) => `${id} should have been sent by then`, news: (id) => `${id} should have arrived by then`, ask: () => "asking the provider what became of a message",
};

const EFFECTS = {
  Say: "a message to the customer", ShowCard: "the card in the group", PingOwner: "word to the owner", TellShop: "word to the shop",
  TellStaff: "word to the group", AskProvider: "a question to the provider", HandOver: "the order’s move to another number", Toast: "the answer to a press",
};

/** What an effect ("Say") does, in words. */
export const effect = (kind) => EFFECTS[kind] || spaced(kind.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase());

/** An amount as the service tells it: {minor, currency}, or a text. */
export function money(total) {
  if (!total || typeof total !== "object") return total || "";
  const format = new Intl.NumberFormat("en-GB", { style: "currency", currency: total.currency, currencyDisplay: "code" });
  return format.format(total.minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** A timer's name ("rung:1001") in words. */
export function timer(name) {
  const [kind, ...rest] = name.split(":");
  const id = rest.join(":");
  const known = TIMERS[kind];
  return known ? known(id ? `order ${id}` : "the talk") : spaced(name);
}
