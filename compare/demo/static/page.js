// The page: which of its views is shown, what its events tell, and what is pressed.

const VIEWS = ["start", "attacks", "wire", "matrix", "happened", "own"].filter((name) => $(`#${name}`));
let view = null;

/** Show what the address names; the keyboard goes to its heading. */
function route() {
  const name = location.hash.slice(1) || "start";
  const next = STEPS[name] ? "tour" : VIEWS.includes(name) ? name : "start";
  const moved = view !== null;
  view = next;
  document.body.dataset.view = view;
  for (const part of all("[data-views]")) part.hidden = !part.dataset.views.split(" ").includes(view);
  if (RECORDED && view === "start") for (const part of all("#stage, .asked")) part.hidden = true;
  if (view === "tour") showStep(name);
  else leaveStep();
  if (view === "attacks") showResult(true);
  if (view === "start") clearStage();
  reloadPanes([...stale]);
  for (const link of all("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${view === "tour" ? STEPS[name].label : $(`#${view}-title`).textContent} · Cookie or session?`;
  if (moved) $(view === "tour" ? "#question" : `#${view}-title`).focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Have nothing beside the two shops. */
function clearStage() {
  for (const side of SIDES) {
    $(`[data-guest="${side}"]`).hidden = true;
    delete $(`[data-guest="${side}"]`).dataset.whose;
    $(`[data-beside="${side}"]`).hidden = true;
    $(`[data-beside="${side}"]`).parentElement.classList.remove("reads");
  }
}

// What is pressed among the attacks

/** Show what was tried last, unless something is being tried just now. */
let acting = false;
let last = null;
let shown = null;
function showResult(anew = false) {
  if (acting || view !== "attacks") return;
  if (anew) clearStage();
  const text = JSON.stringify(last);
  if (shown === text && !anew) return;
  shown = text;
  if (!last) {
    clearResult("Each of these is done to both shops, with your own cookies.");
    return;
  }
  const button = $(`.actions [data-action="${last.name}"]`);
  say($("#result-title"), button ? button.textContent : "The store is back");
  say($("#result-told"), button?.title ?? "");
  $("#row").replaceChildren();
  drawn.delete($("#row"));
  $("#but").hidden = true;
  for (const side of SIDES) {
    const { word, meets, sentence, lanes, cookie } = last.result[side];
    drawn.delete($(`[data-verdict="${side}"]`));
    $(`[data-verdict="${side}"]`).replaceChildren(make("span", { class: "hidden" }, `${NAMES[side]}: `), make("b", { class: "word" }, make("span", { "aria-hidden": "true" }, meets === null ? "" : `${sign(meets)} `), `${word}. `), sentence);
    $(`[data-lanes="${side}"]`).hidden = false;
    drawLanes(side, lanes);
    const beside = $(`[data-beside="${side}"]`);
    beside.hidden = !cookie;
    beside.parentElement.classList.toggle("reads", Boolean(cookie));
    drawn.delete(beside);
    if (cookie) showReader(beside, side, cookie);
  }
  say($("#lesson"), last.lesson); // after what it follows from, as it is read aloud
}

/** Say in place of a result what is being tried, or what went ``wrong``: that nothing else tells. */
function clearResult(title, wrong = false) {
  say($("#account-said"), "");
  say($("#result-told"), "");
  $("#result-title").ariaLive = wrong ? "assertive" : null;
  say($("#result-title"), title);
  say($("#lesson"), "");
  $("#row").replaceChildren();
  drawn.delete($("#row"));
  $("#but").hidden = true;
  clearStage();
  for (const side of SIDES) {
    drawn.delete($(`[data-verdict="${side}"]`));
    $(`[data-verdict="${side}"]`).replaceChildren();
    drawLanes(side, []);
  }
}

const FROZEN = "While the store is away, nothing else can be tried. Bring it back first.";
let frozen = false;
async function act(button) {
  const { action } = button.dataset;
  if (button.getAttribute("aria-disabled") === "true") {
    if (frozen && !acting) clearResult(FROZEN, true);
    return;
  }
  acting = true;
  if (view === "attacks") {
    clearResult(`${button.textContent} …`);
    say($("#result-told"), button.title);
    $("#result-title").focus({ preventScroll: true });
  }
  try {
    last = await ask(`/actions/${action}`, {});
    acting = false;
    shown = null;
    showResult(true);
  } catch (error) {
    if (view === "attacks") clearResult(error.message, true);
  }
  acting = false;
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

// What the page is told

let results = document.body.dataset.results;
function show(state) {
  $("#lost").hidden = true;
  frozen = state.frozen;
  $("#frozen").hidden = !frozen;
  $("#notice").hidden = !state.notice;
  say($("#notice"), state.notice);
  say($("#person"), state.person);
  $("#ready-made").hidden = state.person !== "demo";
  for (const button of all("[data-action], #sign-in, #sign-up button")) {
    const waits = state.busy || (frozen && button.dataset.action !== "thaw");
    button.setAttribute("aria-disabled", String(waits));
  }
  for (const button of all(".actions [data-action]")) {
    button.setAttribute("aria-describedby", `told-${button.dataset.action}${frozen ? " frozen-note" : ""}`);
  }
  const before = JSON.stringify(whose);
  for (const [side, { path, guest, whose: name }] of Object.entries(state.sides)) {
    if (!playing) whose[side] = name;
    $(`[data-frame="${side}"]`).dataset.path = path;
    $(`[data-frame="${side}-guest"]`).dataset.path = guest ?? "/";
  }
  if (!state.busy && results !== String(state.results)) {
    results = String(state.results);
    if (!playing) reloadPanes();
  }
  last = state.last;
  drawWire(state);
  drawMatrix(state);
  showResult();
  if (current && !playing && before !== JSON.stringify(whose)) showStep(current);
  catchUp(state.stories);
}

/** Have what another tab, or this page before it was loaded anew, has seen of the tour. */
async function catchUp(versions) {
  const same = Object.entries(versions).every(([name, version]) => stories[name]?.version === version);
  if (same || playing) return;
  stories = await ask("/tour").catch(() => stories);
  if (playing) return;
  if (current) {
    guesses = { ...stories[current]?.guess, ...guesses };
    showStep(current);
    reloadPanes();
  }
  markSteps();
  drawHappened();
}

// For a lesson

function enlarge(on) {
  document.documentElement.classList.toggle("large", on);
  $("#larger").setAttribute("aria-pressed", String(on));
  localStorage.setItem("large", on ? "yes" : "");
}

$("#larger").addEventListener("click", () => enlarge(!document.documentElement.classList.contains("large")));
$("#print").addEventListener("click", () => print());
window.addEventListener("hashchange", route);
// A place in the view that is shown is no other view: one stays where one is.
for (const link of all(".skip")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    $(link.hash).focus();
  });
}
$("#page").hidden = false;
enlarge(localStorage.getItem("large") === "yes");
route();
markSteps();
drawHappened();
if (RECORDED) drawMatrix(RECORDED);
