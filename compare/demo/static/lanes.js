// Who asked whom, with which cookies, and what came back: the picture of lanes. What matters is in
// the open, everything else of an exchange in a fold.

/** Return message lines, those that tell something set off. */
function message(text) {
  const telling = /^([A-Z]+ \/|HTTP\/|(set-)?cookie:|retry-after:)/i;
  const lines = text.split("\n").flatMap((line) => [telling.test(line) ? make("b", {}, line) : line, "\n"]);
  return make("pre", { tabindex: "0" }, ...lines.slice(0, -1));
}

function cookiesShown(cookies) {
  if (!cookies.length) return "without a cookie";
  return cookies.map(({ name, size }) => `${name} ${size.toLocaleString("en")} B`).join(", ");
}

function lane({ who, ask: asked, cookies, status, says, store, raw }, number) {
  const others = who === "you" ? "who" : "who other";
  return make("li", {},
    make("span", { class: others }, who),
    make("div", { class: "passed" },
      make("p", { class: "sent" }, make("span", { class: "hidden" }, "sent: "), make("b", {}, asked), " ", make("span", { class: "hidden" }, cookies.length ? "with " : ""),
        make("span", { class: "crumbs", title: cookies.map(({ name, start }) => `${name}=${start}`).join("\n") }, cookiesShown(cookies))),
      make("p", { class: "answered" }, make("span", { class: "hidden" }, "The shop answered: "), make("b", {}, String(status || "–")), ` ${says}`),
      make("details", { "data-key": `lane-${number}` }, make("summary", {}, "all", make("span", { class: "hidden" }, " of this exchange")), message(raw.request), message(raw.response))),
    store ? make("span", { class: "store" }, make("span", { class: "hidden" }, "The store: "), store) : null);
}

/** Draw the lanes of one side: the last one in sight, and the first that is whole. */
function drawLanes(side, lanes) {
  const list = $(`[data-lanes="${side}"]`);
  draw(list, lanes, () => lanes.map(lane));
  list.style.paddingBottom = "";
  list.scrollTop = list.scrollHeight;
  const top = list.getBoundingClientRect().top + list.clientTop;
  const cut = [...list.children].map((row) => row.getBoundingClientRect().top - top).find((row) => row > -0.5) ?? 0;
  list.style.paddingBottom = `${Math.ceil(cut)}px`;
  list.scrollTop += cut;
}
