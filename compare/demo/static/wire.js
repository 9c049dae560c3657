// What the browser holds, what the store holds, what passed; and the table of what belongs where.

function rows(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== "");
  return make("dl", {}, ...shown.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", { class: "mono" }, value))));
}

/** Return a signed cookie taken apart, or a session ID as the opaque thing it is. */
function parts(cookie) {
  if (!cookie.parts) return null;
  const { format, key_version, signed_at, value, json, signature } = cookie.parts;
  const signed = ["signature", `${signature.slice(0, 12)}…, made with a secret that only the shop has`];
  if (cookie.kind === "session ID") {
    return rows([["session ID", `${value.slice(0, 6)}…, ${value.length} random characters`],
      ["it tells", "nothing: it only points to a record"], signed]);
  }
  return rows([["anyone reads", json ?? value], ["signed at", signed_at], signed,
    ["key version", `${key_version}: which of the shop's secrets signed it`],
    ["name", "not written in it, but signed with it: a cart cannot pass for a sign-in"],
    ["format", `${format}, of Tornado's signed cookies`]]);
}

function held(cookie, key) {
  return make("div", { class: "jar-cookie" },
    make("p", {}, make("b", { class: "mono" }, cookie.short), ` ${plural(cookie.size, "byte")} of 4,096 `,
      make("span", { class: "tag" }, cookie.kind)),
    make("meter", { min: "0", max: "4096", value: String(cookie.size), "aria-label": `${cookie.short}: bytes of 4,096` }),
    make("details", { "data-key": `${key}-${cookie.name}` }, make("summary", {}, "As it is, and taken apart"),
      make("p", { class: "mono" }, `${cookie.name}=${cookie.value}`), parts(cookie) ?? ""));
}

function passed(exchange, number) {
  const names = (cookies) => cookies.map(({ short, size }) => `${short} (${size})`).join(", ") || "none";
  const carried = exchange.sent.length ? `${plural(exchange.cookie_bytes, "byte")} of cookies` : "no cookie";
  const others = exchange.others ? make("p", { class: "muted" }, `The browser also sent ${plural(exchange.others, "cookie")} that other ports of this host have set: ports do not separate cookies. They were kept from the shop.`) : null;
  return make("li", {},
    make("div", { class: "line" }, make("span", {}, `${exchange.method} ${exchange.path}`),
      make("b", {}, String(exchange.status)), make("span", { class: "muted" }, carried)),
    make("details", { "data-key": String(number) }, make("summary", {}, "Cookies"),
      make("p", {}, "Sent: ", make("span", { class: "mono" }, names(exchange.sent))), others,
      make("p", {}, "Set: ", make("span", { class: "mono" }, names(exchange.set))),
      ...exchange.set.map((cookie) => make("p", { class: "mono" }, `${cookie.short}=${cookie.value.slice(0, 60)}${cookie.value.length > 60 ? "…" : ""}; ${cookie.attributes}`))));
}

function record({ key, size, bytes, left, yours, ended }) {
  const what = ended ? "says, for a moment, that this session has ended"
    : `everything the shop knows of ${yours ? "you" : "somebody"}, sealed: who reads the store can open none of it`;
  return make("div", { class: yours ? "record yours" : "record" },
    make("p", { class: "mono" }, `${key.slice(0, 20)}… `, yours ? make("span", { class: "tag" }, "yours") : ""),
    make("p", {}, `${what}. ${plural(size, "byte")}; gone in ${plural(left, "second")} if unused.`),
    make("p", { class: "mono muted" }, `${bytes} …`));
}

function storeShown(state) {
  if (state.frozen) return [make("p", {}, "It answers nobody, not even this page.")];
  if (state.store === null) return [make("p", { class: "muted" }, "Busy right now.")];
  if (!state.store.records.length) return [make("p", { class: "muted" }, "Nothing. A record is made when there is something to keep.")];
  const { records, more } = state.store;
  return [...records.map(record), more > 0 ? make("p", { class: "muted" }, `And ${plural(more, "more record")}.`) : ""];
}

function drawWire(state) {
  for (const [side, { jar, exchanges }] of Object.entries(state.sides)) {
    draw($(`[data-jar="${side}"]`), jar, () => jar.length ? jar.map((cookie) => held(cookie, side)) : [make("p", { class: "muted" }, "Nothing of this shop's.")]);
    draw($(`[data-exchanges="${side}"]`), exchanges, () => exchanges.map((each) => passed(each, each.number)));
  }
  draw($("#store"), [state.frozen, state.store], () => storeShown(state));
}

// What belongs where

function cell({ declared, seen }) {
  const text = ({ sign: mark, said }) => `${mark} ${said}`;
  if (seen === null) return make("td", {}, make("span", { class: "muted" }, text(declared)), make("span", { class: "hidden" }, ", as claimed"));
  return make("td", {}, make("b", { class: "seen" }, text(seen)), make("span", { class: "hidden" }, ", seen"));
}

function card({ kind, tier, sentences }) {
  return make("div", { class: "card" }, make("h2", {}, kind), ...belongs(tier, sentences));
}

function belongs(tier, sentences) {
  const place = { "signed cookie": "cookie", "server session": "session" }[tier] ?? "";
  return [make("p", { class: `place ${place}` }, tier ?? "no one place"),
    make("ul", {}, ...sentences.map((each) => make("li", {}, each)))];
}

function drawMatrix({ matrix, placements }) {
  draw($("#rows"), matrix, () => matrix.map(({ meaning, needed_by, cells, action }) =>
    make("tr", {}, make("th", { scope: "row" }, meaning), make("td", {}, needed_by.join(", ") || "–"), ...cells.map(cell),
      RECORDED ? null : make("td", { class: "try" }, make("a", { href: `#${action.view}`, ...(action.name && { "data-try": action.name }) }, action.label)))));
  draw($("#placements"), placements, () => placements.map(card));
}
