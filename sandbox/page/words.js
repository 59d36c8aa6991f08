// The journal in plain words. A line that is not known here is shown as it stands: nothing is hidden.

const CHANNELS = {
  sms: "SMS", whatsapp: "WhatsApp", email: "e-mail", page: "the customer’s page", call: "a call", telegram: "Telegram",
  api: "the orders API", callback: "the shop’s program", shopify: "Shopify", woocommerce: "WooCommerce", staff: "the staff group", automatic: "the settings",
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
  assessed: (n, d) => `The past says “${spaced(d.verdict)}”${d.reasons ? `: ${spaced(d.reasons)}` : ""}`,
  "limit.over": () => "A limit of the settings was reached: the first text waits",
  "limit.lifted": (n) => `${who(n.by)} lets it go in spite of the limit`,
  unknown: (n, d) => `Nobody knows yet whether a message left (${d.reason || "no answer"}): the provider is asked, nothing is sent twice`,
  "media.lost": (n) => `What the customer sent by ${channel(n.via)} could not be fetched`,
  "notice.asked": (n) => `A notice of staff to many goes out by ${channel(n.via)}`,
  "notice.left_out": (n, d) => `A notice of staff does not go here: ${spaced(d.why)}`,
  "poll.scored": (n, d) => `The customer gives ${d.score} of 5`,
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
  "rung.held": (n, d) => ({
    money: `Today's money for messages is spent: ${channel(d.channel)} waits for tomorrow`,
    sender_full: `WhatsApp's limit of people a day is reached: ${channel(d.channel)} waits for room`,
  })[d.why] ?? `Quiet hours: ${channel(d.channel)} waits for the morning`,
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
  "address.asked": (n, d) => `The address lacks ${d.missing}: the customer is asked for it`,
  "number.changed": (n, d) => `The number was changed to ${d.to} by ${who(n.by)}`,
  "number.back_wished": () => "The customer wants the former number back",
  "number.back_refused": () => "The former number cannot be used any more",
  explained: (n, d) => `The customer asked for our reasons and was told ${d.parts ? spaced(d.parts) : "that there are none"}`,
  objected: () => "The customer says that the reasons are not right: a person reads it",
  "second_number.asked": () => "A rule of the settings asks for a second number",
  "second_number.given": (n, d) => `The customer gave a second number, ${d.to}`,
  disowned: () => "Whoever has this number says the order is not theirs: nothing more goes there",
  "time.wished": () => "The customer wished another time",
  "slot.chosen": () => "The customer chose a time",
  "slot.gone": () => "That time is gone: other ones are offered",
  "slot.lost": () => "The chosen time can no longer be kept",
  "order.put_off": (n, d) => `The customer wants it later, on ${d.until.slice(0, 10)}`,
  "order.delivered": () => "The parcel was handed over",
  "order.returned": (n, d) => `The parcel comes back${d.reason ? `: ${spaced(d.reason)}` : ""}`,
  "order.lost": () => "The parcel is lost",
  "courier.out_for_delivery": () => "The courier has it in the van",
  "courier.attempt_failed": (n, d) => `The courier could not hand it over: ${spaced(d.reason || "no reason")}`,
  "replan.asked": () => "The customer is asked when the courier shall come again",
  "replan.chosen": (n, d) => `The customer chose: ${spaced(d.choice)}`,
  "still.asked": () => "Asked once more before it leaves",
  "still.kept": () => "The customer still wants it",
  "still.no_answer": () => "No answer to the second question: staff look",
  "stock.out": (n) => `${who(n.by)} says that something is out of stock`,
  "stock.answer": () => "The customer chose what to do about it",
  "deal.asked": (n, d) => `The customer haggles${d.named ? `, and named ${d.named}` : ""}`,
  "deal.offered": () => "The next offer of the settings goes out",
  "deal.taken": () => "The customer takes the offer",
  "deal.refused": (n) => `${who(n.by)} refused the deal`,
  "deal.lapsed": () => "The offer has lapsed",
  "deal.undone": () => "The customer gave the offer back",
  "prepay.asked": () => "The customer is offered to pay ahead",
  "complaint.open": (n, d) => `A complaint${d.kind ? ` (${spaced(d.kind)})` : ""}: the owner is told, and an answer is promised`,
  "complaint.thanks": () => "The customer thanked for the answer",
  "complaint.solved": (n) => `${who(n.by)} solved the complaint`,
  "complaint.reopened": () => "The customer says that it is not solved",
  "complaint.escalated": () => "Nobody has taken the complaint: the owners’ phones ring",
  "complaint.fallback": (n) => `The customer hears of it by ${channel(n.via)} instead`,
  "promise.kept": () => "The promise to the customer was kept",
  "promise.reminded": () => "The promised moment is near: the owner is reminded",
  "promise.broken": () => "The promised moment has passed without an answer",
  "poll.asked": () => "The customer is asked how it was",
  "poll.again": (n, d) => `The customer gives another score: ${d.score} of 5`,
  "refusal.told": () => "The owner is told of the refusal, without a sound",
  "poll.why": () => "The customer said why",
  "poll.unreachable": () => "Nobody could be asked how it was",
  praised: () => "The customer praised the shop",
  "return.wanted": () => "The customer wants to send it back",
  "return.wish": (n, d) => `In return the customer wants: ${spaced(d.wish)}`,
  "return.decided": (n, d) => `${who(n.by)} decided about the return: ${spaced(d.how)}`,
  "shop.told": (n, d) => `${channel(n.via)} heard “${spaced(d.word)}” (${spaced(d.outcome)})`,
  "cancel.reason": (n, d) => `Why it was cancelled: ${spaced(d.reason || "no reason")}`,
  "change.undone": (n, d) => `The customer took a change back: ${spaced(d.change)}`,
  "call.pressed": () => "The customer pressed a key in our call",
  "call.later": (n) => `${who(n.by)} calls later`,
  "call.wrong_number": (n) => `${who(n.by)} called: a wrong number`,
  "staff.asked": (n, d) => `${who(n.by)} was asked for words: ${spaced(d.asked)}`,
  "staff.note": (n) => `${who(n.by)} made a note`,
  "staff.unsaid": (n) => `${who(n.by)} took back what was about to be sent`,
  "staff.undelivered": (n) => `What a colleague wrote did not reach the customer by ${n.via}; the group hears so`,
  "talk.over": () => "Staff have stopped writing: the order goes on by itself",
  given_back: (n, d) => `${d.name} did nothing: the card is the group’s again`,
  passed_on: () => "What the customer wrote went to staff",
  "place.sent": () => "The customer sent a place",
  faq: (n, d) => `The customer asked about ${spaced(d.topic)}: answered by the settings`,
  outdated_yes: () => "A yes to a question that is out of date: asked anew",
  stale_undo: () => "Too late to take that back",
  ruled: (n, d) => `${who(n.by)} ruled: this customer is ${spaced(d.verdict)}`,
  stuck: () => "The program could not take the next step: a fault of its own. A person was called, and it tries again",
  unstuck: () => "The program goes on with it again",
  no_staff_group: () => "There is no staff group to show it to",
};
const BAD = /^(disowned|promise\.broken|complaint\.(open|escalated|reopened)|courier\.attempt_failed|order\.(returned|lost)|refused|failed|stuck|never_known|unreachable|order\.odd_event|no_staff_group|rung\.too_late)$/;
const SAID = new Set(["text"]);
const TOLD = new Set(["id", "total", "shared", "effect", "was"]);

/** A line of an older program may lack what its words name: then it is told by its name. */
function told(known, note, data) {
  try {
    return known(note, data);
  } catch {
    return spaced(note.what);
  }
}

/** One journal line as {text, quote, more, kind}: kind is customer, staff, bad or empty. */
export function line(note) {
  const data = note.data || {};
  const known = LINES[note.what];
  const text = known ? told(known, note, data) : `${spaced(note.what)}${note.by ? `, by ${who(note.by)}` : ""}`;
  const quote = Object.entries(data).filter(([name]) => SAID.has(name)).map(([, value]) => value)[0] || "";
  const rest = known ? [] : Object.entries(data).filter(([name, value]) => value && !SAID.has(name) && !TOLD.has(name));
  const more = known && data.template ? spaced(data.template) : rest.map(([name, value]) => `${spaced(name)}: ${spaced(value)}`).join(", ");
  const role = String(note.by || "").split(":")[0];
  const kind = BAD.test(note.what) ? "bad" : role === "customer" ? "customer" : ["staff", "manager", "owner"].includes(role) ? "staff" : "";
  return { text, quote, more, kind };
}

const TIMERS = {
  rung: (id) => `the next question about ${id}`, remind: (id) => `a reminder to staff about ${id}`, call: (id) => `staff may call again about ${id}`,
  complaint: (id) => "the next moment of the complaint", taken: (id) => `who took ${id} has done nothing by then`, talk: (id) => `staff have stopped writing about ${id}`,
  still: (id) => `${id} is asked once more before it leaves`, silent: (id) => `no answer to that about ${id}`, day: (id) => `the morning of the slot of ${id}`,
  poll: (id) => `how was ${id}?`, survey: (id) => `how is the shop? (${id})`,
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
