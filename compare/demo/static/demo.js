// The page: it listens to its events, draws them, and asks for what is pressed. Text is set as text,
// never as markup, so nothing that passed on the wire can become part of the page.

const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];

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
  if (focused) refocus(element, key, focused.tagName);
}

/** Focus what stands where something was focused; the whole element where it has gone. */
function refocus(element, key, tag) {
  const there = [...element.querySelectorAll("[data-key]")].find((it) => it.dataset.key === key);
  element.tabIndex = -1;
  (there?.querySelector(tag) ?? element).focus({ preventScroll: true });
}

const plural = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

/** Return message lines, those that tell something set off. */
function message(text) {
  const telling = /^([A-Z]+ \/|HTTP\/|(set-)?cookie:|retry-after:)/i;
  const lines = text.split("\n").flatMap((line) => [telling.test(line) ? make("b", {}, line) : line, "\n"]);
  return make("pre", { tabindex: "0" }, ...lines.slice(0, -1));
}

function rows(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== "");
  return make("dl", {}, ...shown.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", { class: "mono" }, value))));
}

/** Return a signed cookie taken apart, or a session ID as the opaque thing it is. */
function parts(cookie) {
  if (cookie.kind === "session ID" && cookie.parts) {
    return rows([["session ID", `${cookie.parts.value.slice(0, 6)}… (${cookie.parts.value.length} random characters)`],
      ["it tells", "nothing: it only points to a record"],
      ["signature", `${cookie.parts.signature.slice(0, 12)}…`]]);
  }
  if (!cookie.parts) return null;
  const { format, key_version, signed_at, value, json, signature } = cookie.parts;
  return rows([["anyone reads", json ?? value], ["signed at", signed_at],
    ["signature", `${signature.slice(0, 12)}… made with a secret that only the shop has`],
    ["key version", `${key_version}: which of the shop's secrets signed it`],
    ["name", "not written in it, but signed with it: a cart cannot pass for a sign-in"],
    ["format", `${format}, of Tornado's signed cookies`]]);
}

const KINDS = {
  foreign: "set by another port of this host: ports do not separate cookies",
  demo: "the demo's own; it stays with the demo",
};

function held(cookie, key) {
  const taken = parts(cookie);
  return make("div", { class: "jar-cookie" },
    make("p", {}, make("b", { class: "mono" }, cookie.name), ` ${plural(cookie.size, "byte")} of 4,096 `,
      make("span", { class: "tag" }, cookie.kind)),
    make("meter", { min: "0", max: "4096", value: String(cookie.size), "aria-label": `${cookie.name}: bytes of 4,096` }),
    KINDS[cookie.kind] ? make("p", { class: "muted" }, KINDS[cookie.kind]) : null,
    make("details", { "data-key": `${key}-${cookie.name}` }, make("summary", {}, "As it is, and taken apart"),
      make("p", { class: "mono" }, cookie.value), taken ?? ""));
}

function passed(exchange, number) {
  const names = (cookies) => cookies.map(({ name, size }) => `${name} (${size})`).join(", ") || "none";
  const line = make("div", { class: "line" },
    make("span", {}, `${exchange.method} ${exchange.path}`), make("span", { class: "status" }, String(exchange.status)),
    make("span", { class: "muted" }, `${exchange.cookie_bytes.toLocaleString("en")} bytes of cookies`));
  const fold = make("details", { "data-key": String(number) }, make("summary", {}, "Cookies"),
    make("p", {}, "Sent: ", make("span", { class: "mono" }, names(exchange.sent))),
    ...exchange.sent.filter(({ kind }) => kind in KINDS).map(({ name, kind }) => make("p", { class: "muted" }, `${name}: ${KINDS[kind]}.`)),
    make("p", {}, "Set: ", make("span", { class: "mono" }, names(exchange.set))),
    ...exchange.set.map((cookie) => make("p", { class: "mono" }, `${cookie.name}=${cookie.value.slice(0, 60)}${cookie.value.length > 60 ? "…" : ""}; ${cookie.attributes}`)));
  return make("li", {}, line, fold);
}

function record({ key, size, bytes, left, yours }) {
  return make("div", { class: yours ? "record yours" : "record" },
    make("p", { class: "mono" }, key, " ", yours ? make("span", { class: "tag" }, "yours") : ""),
    make("p", {}, `${plural(size, "sealed byte")}, ${plural(left, "second")} left if unused`),
    make("p", { class: "mono muted" }, `${bytes} …`));
}

function storeShown(state) {
  if (state.frozen) return [make("p", {}, "It is frozen and answers nobody, not even this page.")];
  if (state.store === null) return [make("p", {}, "Not to be seen right now.")];
  if (!state.store.records.length) return [make("p", { class: "store-note" }, "Nothing yet. A record is made when there is something to keep.")];
  const { records, more } = state.store;
  return [...records.map(record), more > 0 ? make("p", { class: "muted" }, `And ${plural(more, "more record")}.`) : ""];
}

const SIGNS = { true: ["can", "✓"], false: ["cannot", "✗"] };

function result({ word, meets, sentence, exchanges }) {
  const [name, sign] = SIGNS[meets] ?? ["", "•"];
  return [make("p", { class: `word ${name}` }, make("span", { class: "sign", "aria-hidden": "true" }, sign), word),
    make("p", {}, sentence),
    make("details", { "data-key": "proof" }, make("summary", {}, `The proof: ${plural(exchanges.length, "exchange")}`),
      ...exchanges.map(({ actor, request, response }) =>
        make("div", { class: "exchange" }, make("p", { class: "actor" }, actor), message(request), message(response))))];
}

/** Show what was tried last, unless something is being tried just now. */
let shown = null;
function showResult(last) {
  if (!last || acting) return;
  const text = JSON.stringify(last);
  if (shown === text) return;
  shown = text;
  const button = $(`[data-action="${last.name}"]`);
  $("#result").hidden = false;
  $("#result .two").hidden = false;
  say($("#lesson"), last.lesson);
  $("#result-title").textContent = button ? button.textContent : last.name;
  for (const side of ["cookie", "session"]) {
    draw($(`[data-result="${side}"]`), [last.name, last.result[side]], () => result(last.result[side]));
  }
}

function cell({ declared, seen }) {
  if (seen === null) return make("td", {}, make("small", {}, `declared: ${declared}`));
  return make("td", {}, make("span", { class: "seen" }, seen), make("small", {}, " seen"));
}

function card({ kind, tier, reasons }) {
  return make("div", { class: "card" }, make("h3", {}, kind), ...belongs(tier, reasons));
}

function belongs(tier, reasons) {
  const place = tier ? tier.split(" ").pop() : "";
  return [make("p", { class: `place ${place}` }, tier ?? "no one place: split it, or drop a need"),
    make("ul", {}, ...reasons.map((reason) => make("li", {}, reason)))];
}

const FROZEN = "memcached is frozen. Thaw it first.";
let frozen = false;
let results = document.body.dataset.results;

function show(state) {
  $("#lost").hidden = true;
  frozen = state.frozen;
  $("#frozen").hidden = !frozen;
  $("#frozen-note").hidden = !frozen;
  $("#notice").hidden = !state.notice;
  say($("#notice"), state.notice);
  say($("#person"), state.person);
  $("#ready-made").hidden = state.person !== "demo";
  for (const button of all("[data-action], #sign-in, #sign-up button")) {
    const waits = state.busy || (frozen && button.dataset.action !== "thaw");
    button.setAttribute("aria-disabled", String(waits));
    button.classList.toggle("busy", state.busy);
  }
  for (const button of all(".actions [data-action]")) {
    button.setAttribute("aria-describedby", `told-${button.dataset.action}${frozen ? " frozen-note" : ""}`);
  }
  for (const [side, { path }] of Object.entries(state.sides)) $(`iframe[data-side="${side}"]`).dataset.path = path;
  if (!state.busy && results !== String(state.results)) {
    results = String(state.results);
    reloadPanes();
  }
  for (const [side, { jar, exchanges }] of Object.entries(state.sides)) {
    draw($(`[data-jar="${side}"]`), jar, () => jar.length ? jar.map((cookie) => held(cookie, side)) : [make("p", { class: "store-note" }, "Nothing yet.")]);
    draw($(`[data-exchanges="${side}"]`), exchanges, () => exchanges.map((each) => passed(each, each.number)));
  }
  draw($("#store"), [state.frozen, state.store], () => storeShown(state));
  draw($("#rows"), state.matrix, () => state.matrix.map(({ capability, meaning, needed_by, cells }) =>
    make("tr", {}, make("th", { scope: "row" }, `${meaning} `, make("small", { class: "mono muted" }, capability)),
      make("td", {}, needed_by.join(", ") || "–"), ...cells.map(cell))));
  draw($("#placements"), state.placements, () => state.placements.map(card));
  showResult(state.last);
}

/** POST JSON and return what came back; what went wrong is thrown as a sentence. */
async function ask(path, value = {}) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } });
  } catch {
    throw new Error("The demo does not answer.");
  }
  const told = await answer.json().catch(() => ({ error: "The demo does not answer as it should." }));
  if (!answer.ok) throw new Error(told.error);
  return told;
}

/** Load each pane anew, at the page it is at, without another step in the history. */
function reloadPanes() {
  for (const frame of all("iframe")) {
    const { pane, path } = frame.dataset;
    frame.contentWindow.location.replace(pane + (path ?? "/"));
  }
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Have the result in sight, whatever it says. */
function lookAtResult() {
  $("#result").focus({ preventScroll: true });
  $("#result").scrollIntoView({ block: "start" });
}

function clearResult(title) {
  say($("#result-title"), title);
  say($("#lesson"), "");
  $("#result").hidden = false;
  for (const side of all("[data-result]")) {
    drawn.delete(side);
    side.replaceChildren();
  }
  $("#result .two").hidden = true;
}

let acting = false;
async function act(button) {
  const { action } = button.dataset;
  if (button.getAttribute("aria-disabled") === "true") {
    if (!frozen || acting) return;
    clearResult(FROZEN);
    lookAtResult();
    return;
  }
  acting = true;
  clearResult(`${button.textContent} …`);
  say($("#account-said"), "");
  try {
    const last = await ask(`/actions/${action}`);
    acting = false;
    shown = null;
    showResult(last);
  } catch (error) {
    clearResult(error.message);
  }
  acting = false;
  lookAtResult();
}

async function account(fields) {
  const said = $("#account-said");
  say(said, "Signing in …");
  try {
    const { username } = await ask("/account", fields);
    say(said, `Signed in on both sides as ${username}.`);
  } catch (error) {
    say(said, error.message);
  }
}

async function place(form) {
  const fields = new FormData(form);
  const kind = { name: fields.get("name"), size: Number(fields.get("size")) };
  for (const box of form.querySelectorAll("[type=checkbox]")) kind[box.name] = box.checked;
  try {
    const { tier, reasons } = await ask("/kind", kind);
    $("#answer").replaceChildren(make("div", { class: "card" }, ...belongs(tier, reasons)));
  } catch (error) {
    $("#answer").replaceChildren(make("p", { class: "banner bad" }, error.message));
  }
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-action]");
  if (button) act(button);
});
$("#sign-in").addEventListener("click", () => account({}));
$("#sign-up").addEventListener("submit", (event) => {
  event.preventDefault();
  account(Object.fromEntries(new FormData(event.target)));
});
$("#kind").addEventListener("submit", (event) => {
  event.preventDefault();
  place(event.target);
});

$("#anew").addEventListener("click", async ({ currentTarget }) => {
  currentTarget.setAttribute("aria-disabled", "true");
  say($("#anew-said"), "Starting two other shops …");
  await ask("/anew").catch(() => null);
  location.reload();
});

/** Load the page anew; after a moment where that has just been done and did not help. */
function reload() {
  const since = Date.now() - Number(sessionStorage.getItem("reloaded"));
  setTimeout(() => {
    sessionStorage.setItem("reloaded", String(Date.now()));
    location.reload();
  }, since < 30_000 ? 5_000 : 0);
}

/** Listen; when the demo was away, or this booth was closed, come back by itself. */
let events = null;
function listen() {
  events?.close();
  const mine = events = new EventSource("/events");
  mine.onmessage = ({ data }) => show(JSON.parse(data));
  mine.onerror = async () => {
    $("#lost").hidden = false;
    if (mine.readyState !== EventSource.CLOSED) return;
    const there = await fetch("/", { method: "HEAD" }).catch(() => null);
    if (mine !== events) return;
    if (there) reload();
    else setTimeout(() => mine === events && listen(), 1000);
  };
}

/** A browser has six connections to one place: whoever is out of sight leaves theirs to others. */
function attend() {
  if (document.hidden) {
    events?.close();
    events = null;
  } else if (!events) {
    listen();
  }
}
document.addEventListener("visibilitychange", attend);
attend();
