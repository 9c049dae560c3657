// What every part of the page uses. Text is set as text, never as markup, so nothing that passed on
// the wire can become part of the page.

const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const SIDES = ["cookie", "session"];
const DATA = JSON.parse($("#data").textContent);
/** What a saved page shows instead of a running demo; null where there is one. */
const RECORDED = DATA.recorded;

/** Return an element with classes, attributes and children. */
function make(name, options = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (key === "class") element.className = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Put children into an element only when what they are drawn from has changed; keep open folds,
    and the keyboard's place in them. */
const drawn = new WeakMap();
function draw(element, from, children) {
  const text = JSON.stringify(from);
  if (drawn.get(element) === text) return;
  drawn.set(element, text);
  const open = new Set([...element.querySelectorAll("details[open]")].map((it) => it.dataset.key));
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.closest("[data-key]")?.dataset.key;
  element.replaceChildren(...children());
  for (const fold of element.querySelectorAll("details")) fold.open = open.has(fold.dataset.key);
  if (focused && focused !== element) refocus(element, key, focused.tagName);
}

/** Focus what stands where something was focused; the whole element where it has gone. */
function refocus(element, key, tag) {
  const there = [...element.querySelectorAll("[data-key]")].find((it) => it.dataset.key === key);
  if (element.tabIndex < 0) element.tabIndex = -1;
  (there?.querySelector(tag) ?? element).focus({ preventScroll: true });
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const plural = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
const yes = (answer) => (answer ? "yes" : "no");
const sign = (meets) => (meets ? "✓" : "✗");
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** POST JSON, or GET without a value; return what came back. What went wrong is thrown, as a sentence. */
async function ask(path, value) {
  const sent = { method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
  let answer;
  try {
    answer = await fetch(path, value === undefined ? {} : sent);
  } catch {
    throw new Error("The demo does not answer.");
  }
  const told = await answer.json().catch(() => ({ error: "The demo does not answer as it should." }));
  if (!answer.ok) throw new Error(told.error);
  return told;
}
