// Takes back the last thing that was done on the page, where there is a way back: what was broken, a fact about a number, a press.
import { ask } from "./dom.js";

const MOST = 20;
const $ = (id) => document.getElementById(id);
const done = []; // {what, back: () => promise}, newest last
let tell = () => {};

export function start(said) {
  tell = said;
  $("undo").addEventListener("click", undo);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing) {
      event.preventDefault();
      undo();
    }
  });
  show();
}

/** `what` was done; `back()` takes it back. */
export function remember(what, back) {
  done.push({ what, back });
  if (done.length > MOST) done.shift();
  show();
}

/** A request of the page that takes something back. */
export const request = (path, body) => () => ask(path, body);

function show() {
  const last = done.at(-1);
  $("undo").disabled = !last;
  $("undo").title = last ? `Take back: ${last.what}` : "Nothing to take back";
  $("undo").setAttribute("aria-label", last ? `Undo: ${last.what}` : "Undo: nothing to take back");
}

async function undo() {
  const last = done.pop();
  if (!last) return;
  show();
  try {
    await last.back();
    tell(`Taken back: ${last.what}.`);
  } catch (error) {
    tell(`It cannot be taken back any more: ${error.message}`);
  }
}
