// A cookie and what it says, beside each other. A character can be changed: the shop is asked what
// it makes of it.

/** Return what base64 of UTF-8 says, null where it is none. */
function fromBase64(text) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** Return what a signed value of Tornado's format 2 says, as rows of a name and a text. */
function decoded(value) {
  const fields = value.split("|");
  const carried = fields.length === 6 ? fromBase64(fields[4].slice(fields[4].indexOf(":") + 1)) : null;
  if (carried === null) return [["It says", "nothing that can be read"]];
  const [, , stamp] = fields.map((field) => field.slice(field.indexOf(":") + 1));
  const isNumber = /^(\d+\.)?[\w-]{43}$/.test(carried);
  const rows = [["It says", laidOut(carried)]];
  if (isNumber) rows.push(["Which is", "a random number, and nothing else; signed, so that a made-up one is refused without asking the store"]);
  if (Number(stamp)) rows.push(["Signed at", `${new Date(1000 * Number(stamp)).toISOString().slice(0, 19).replace("T", " ")} UTC`]);
  rows.push(["Signature", `${fields[5].slice(0, 16)}…, made with a secret that only the shop has`]);
  return rows;
}

/** Return JSON laid out, with a version in front taken off; any other text as it is. */
function laidOut(text) {
  const json = text.replace(/^\d+:(?=[[{"])/, "");
  try {
    return JSON.stringify(JSON.parse(json), null, 1);
  } catch {
    return text;
  }
}

/** Put the cookie, what it says and what the shop makes of it into an element. */
function showReader(element, side, { name, short, value }) {
  const raw = make("textarea", { spellcheck: "false", autocomplete: "off", "aria-label": `The cookie ${short}: change a character` });
  raw.value = value;
  raw.readOnly = Boolean(RECORDED);
  const said = make("div", { class: "decoded", role: "group", "aria-label": "What it says", tabindex: "0" });
  const verified = make("p", { class: "verified" }, "Change a character, and see what the shop makes of it.");
  const read = () => said.replaceChildren(...decoded(raw.value).flatMap(([what, text]) => [make("h3", {}, what), make("pre", {}, text)]));
  let asking = 0;
  raw.addEventListener("input", async () => {
    verified.role = "status"; // not before: its first sentence is no news
    read();
    const mine = ++asking;
    await wait(150);
    if (mine !== asking) return;
    const told = await ask("/verify", { side, name, value: raw.value }).catch((error) => ({ told: error.message }));
    if (mine === asking) say(verified, told.told);
  });
  read();
  element.className = "beside reader";
  element.replaceChildren(make("div", {}, make("h3", {}, `The cookie “${short}”`), raw), said, RECORDED ? "" : verified);
}
