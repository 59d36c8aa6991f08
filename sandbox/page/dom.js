// Small tools to build the page from data. Data becomes text nodes and attributes, never markup.

/** A new element. `props`: class, text, on (event -> listener); everything else is an attribute (null and false leave it out). */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/**
 * Makes the children of `parent` show `items` in order, keeping elements whose item is as before: focus, selection and scroll
 * stay. `key(item)` names an item; `make(item)` builds its element. A log that was at its end stays there.
 */
export function keep(parent, items, key, make) {
  const atEnd = parent.scrollHeight - parent.scrollTop - parent.clientHeight < 60;
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let grown = false;
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const look = JSON.stringify(item);
    let node = old.get(name);
    old.delete(name);
    if (!node || node.look !== look) {
      const fresh = make(item, Boolean(node));
      fresh.dataset.key = name;
      fresh.look = look;
      if (node) {
        const focused = node.contains(document.activeElement);
        if (place === node) place = fresh;
        node.replaceWith(fresh);
        if (focused) refocus(fresh);
      }
      node = fresh;
      grown = true;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
  if (grown && atEnd) parent.scrollTop = parent.scrollHeight;
}

/** Keyboard users stay where they were when the thing under their focus was rebuilt. */
function refocus(node) {
  const target = node.querySelector("button, a, select, input") || node;
  if (target === node) node.tabIndex = -1;
  target.focus({ preventScroll: true });
}

const ADDRESS = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

/** The text with its web addresses as links. */
export function linked(text) {
  const made = document.createDocumentFragment();
  let end = 0;
  for (const found of text.matchAll(ADDRESS)) {
    made.append(text.slice(end, found.index), link(found[0], found[0]));
    end = found.index + found[0].length;
  }
  made.append(text.slice(end));
  return made;
}

export function link(address, text) {
  const safe = /^(https?:|tel:|mailto:)/i.test(address);
  return safe ? el("a", { href: address, target: "_blank", rel: "noopener noreferrer", text }) : document.createTextNode(text);
}

const MARKS = { B: "b", STRONG: "b", I: "i", EM: "i", U: "u", INS: "u", S: "s", STRIKE: "s", DEL: "s", CODE: "code", PRE: "pre", BLOCKQUOTE: "blockquote" };

/** Telegram's HTML as elements: read by a parser that runs nothing, then rebuilt from its few known tags and their text. */
export function fromTelegram(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const made = document.createDocumentFragment();
  for (const child of parsed.body.childNodes) made.append(rebuilt(child));
  return made;
}

function rebuilt(node) {
  if (node.nodeType === Node.TEXT_NODE) return linked(node.textContent);
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  if (node.tagName === "A") return link(node.getAttribute("href") || "", node.textContent);
  const kids = [...node.childNodes].map(rebuilt);
  const known = MARKS[node.tagName];
  if (known) return el(known, {}, ...kids);
  const plain = document.createDocumentFragment();
  plain.append(...kids);
  return plain;
}

/** Asks the service. Resolves to the JSON answer; rejects with an Error whose message can be shown. */
export async function ask(path, body) {
  const how = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`/sandbox/${path}`, how);
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error || `The service answered ${answer.status}.`);
  return told;
}

/** Arrow keys, Home and End move between the tabs of a tablist; `chosen(name)` hears of every change. */
export function tabs(list, chosen) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const choose = (tab) => {
    for (const each of all) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    }
    document.getElementById(tab.getAttribute("aria-controls")).setAttribute("aria-labelledby", tab.id);
    chosen(tab.dataset.tab);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = all.indexOf(document.activeElement);
    const to = step ? (at + step + all.length) % all.length : { Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    all[to].focus();
    choose(all[to]);
  });
  return (name) => choose(all.find((tab) => tab.dataset.tab === name));
}

/** Shows `n` in a badge, or hides it at 0. */
export function badge(node, n) {
  node.hidden = !n;
  node.textContent = n ? String(n) : "";
  if (n) node.setAttribute("aria-label", `${n} new`);
}
