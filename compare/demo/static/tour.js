// The tour: a question, a guess for either side, what happens, beat by beat, and what came of it.

const STEPS = Object.fromEntries(DATA.steps.map((step) => [step.name, step]));
const ORDER = [...DATA.steps.map(({ name }) => name), "own"];
const NAMES = { cookie: "Signed cookie", session: "Server session" };
/** Milliseconds between two beats, so that what happens can be seen; ?pace=3 for three seconds. */
const PACE = 1000 * Number(new URLSearchParams(location.search).get("pace") ?? 1);

let stories = RECORDED ? { ...RECORDED.yours } : {};
let guesses = {};
let current = null;
let playing = false;
/** Which time a step is played: whoever goes to another one leaves it where it is. */
let turn = 0;
let asked = Promise.resolve();
/** Whose browser stands beside the visitor's, by side: another step may have had it since. */
let whose = {};
/** The step that has been asked to have its guest back: once, or two tabs would take turns. */
let seated = null;

/** Show a step: its question, and whatever has come of it already. */
function showStep(name) {
  const changed = current !== name;
  if (changed) leaveStep();
  current = name;
  const step = STEPS[name];
  const number = ORDER.indexOf(name);
  say($("#question"), step.question);
  $("#next").href = `#${ORDER[number + 1]}`;
  say($("#next"), `Next: ${STEPS[ORDER[number + 1]]?.label ?? "something of your own"}`);
  if (changed) {
    guesses = { ...stories[name]?.guess };
    seated = null;
  }
  seat(step, stories[name]);
  if (!playing) tellStory(step, stories[name]);
  drawGuesses();
}

/** Have the guest of a step that was seen sit there again. */
function seat({ name, guest }, story) {
  const gone = !RECORDED && story?.seen && guest && SIDES.some((side) => whose[side] !== guest);
  if (!gone || playing || seated === name || !Object.keys(whose).length) return;
  seated = name;
  ask("/guest", { step: name }).catch(() => null);
}

/** Go on with something else; what is under way is not waited for. The store that a step takes
    away comes back. */
function leaveStep() {
  if (current && !RECORDED && STEPS[current].takes_store_away) {
    asked = asked.catch(() => null).then(() => ask("/left", {}));
    asked.catch(() => null);
  }
  current = null;
  playing = false;
  turn++;
}

/** Draw whatever is known of a step. */
function tellStory(step, story) {
  const beats = story?.beats ?? [];
  const seen = story?.seen;
  say($("#told"), beats.length ? beats.at(-1).told : `Guess for both shops. Then see it happen${RECORDED ? "" : ", to your own cookies"}.`);
  for (const side of SIDES) {
    drawLanes(side, beats.flatMap((beat) => beat.lanes[side]));
    showBeside(side, step, beats, Boolean(seen));
    tellVerdict(side, story);
  }
  say($("#both"), seen ? `${SIDES.map((side) => `${NAMES[side]}: ${yes(seen[side].answer)}.`).join(" ")} Both are below.` : "");
  showOutcome(step, seen);
  $("#next").hidden = $("#past").hidden = !seen;
  say($("#see"), seen ? "See it again" : "See what happens");
  $("#see").className = seen ? "" : "main";
  showPages(beats.at(-1));
}

/** Show what stands beside the visitor's browser: a guest's, a cookie taken apart, or two carts. */
function showBeside(side, step, beats, seen) {
  const guest = $(`[data-guest="${side}"]`);
  const there = playing || RECORDED || whose[side] === step.guest;
  guest.hidden = !(step.guest && beats.at(-1)?.guests[side] && there);
  if (guest.hidden) delete guest.dataset.whose;
  else showGuest(side, guest, step.guest);
  const shown = Object.assign({}, ...beats.map((beat) => beat.shown[side]));
  const beside = $(`[data-beside="${side}"]`);
  beside.hidden = !Object.keys(shown).length;
  beside.parentElement.classList.toggle("reads", Boolean(shown.cookie));
  const text = JSON.stringify([step.name, shown]);
  if (drawn.get(beside) === text) return;
  drawn.set(beside, text);
  if (shown.cookie) showReader(beside, side, shown.cookie);
  else if (shown.tabs) showTabs(beside, shown.tabs);
}

function showGuest(side, beside, name) {
  const frame = beside.querySelector("iframe");
  say(beside.querySelector(".caption"), name);
  beside.querySelector(".caption").dataset.sign = STEPS[current].guest_sign;
  frame.title = `${name}: ${NAMES[side]}`;
  if (!playing && !RECORDED && beside.dataset.whose !== name) loadPane(frame);
  beside.dataset.whose = name;
}

function showTabs(element, tabs) {
  element.className = "beside tabs";
  element.replaceChildren(...tabs.map((cart, number) => make("div", { class: "tab" },
    make("h3", {}, `Tab ${number + 1} was told: done`), make("ul", {}, ...cart.split(", ").map((each) => make("li", {}, each))))));
}

/** What a guess was, once it has been seen. */
const judged = (guess, answer) => guess === undefined ? "" : ` Your guess was ${guess === answer ? "right" : "wrong"}.`;

/** Hold the guess beside what came. */
function tellVerdict(side, story) {
  const verdict = $(`[data-verdict="${side}"]`);
  const seen = story?.seen?.[side];
  draw(verdict, [current, seen, story?.guess], () => {
    if (!seen) return [];
    const held = judged(story.guess[side], seen.answer);
    return [make("span", { class: "hidden" }, `${NAMES[side]}: `), make("b", { class: "came" }, `${seen.answer ? "Yes" : "No"}.`), ` ${seen.sentence}`, make("span", { class: "muted" }, held)];
  });
}

function showOutcome(step, seen) {
  say($("#lesson"), seen ? step.lesson : "");
  const cells = seen ? SIDES.flatMap((side) => [" ", make("span", { class: `cell ${side}` }, make("span", { "aria-hidden": "true" }, `${sign(seen[side].meets)} `), NAMES[side].toLowerCase(), make("span", { class: "hidden" }, `: ${yes(seen[side].meets)}`))]) : [];
  draw($("#row"), [step.name, seen], () => seen ? [make("b", {}, step.meaning), ...cells] : []);
  $("#but").hidden = !seen;
  if (!seen) $("#but").open = false;
  draw($("#objections"), step.name, () => [make("dt", {}, "What makes one guess wrong?"), make("dd", {}, step.wrong_guess),
    ...step.objections.flatMap(({ but, answer, read }) => [make("dt", {}, but), make("dd", {}, answer, ...linked(read))])]);
}

/** A saved page has nothing to link to. */
const linked = (read) => (read && !RECORDED ? [" (", make("a", { href: read.href, target: "_blank" }, read.label), ")"] : []);

function drawGuesses() {
  for (const button of all("[data-guess]")) {
    const mine = guesses[button.dataset.guess];
    button.setAttribute("aria-pressed", String(mine !== undefined && String(mine) === button.value));
    button.setAttribute("aria-disabled", String(playing));
  }
  const ready = SIDES.every((side) => guesses[side] !== undefined);
  $("#see").setAttribute("aria-disabled", String(playing || !ready));
  $("#see-told").textContent = ready ? "" : "Guess for both shops first.";
}

function guess(button) {
  if (playing) return;
  guesses[button.dataset.guess] = button.value === "true";
  drawGuesses();
}

/** Play the step, beat by beat, and have each seen before the next. */
async function see() {
  if (playing) return;
  if (!SIDES.every((side) => guesses[side] !== undefined)) {
    say($("#told"), "Guess for both shops first: yes or no for each.");
    $("[data-guess]").focus();
    return;
  }
  const step = STEPS[current];
  const mine = ++turn;
  playing = true;
  drawGuesses();
  try {
    for (let beat = 0; beat < step.beats.length; beat++) {
      say($("#told"), step.beats[beat]);
      const story = await playBeat(step.name, beat);
      if (mine !== turn) return;
      stories[step.name] = story;
      for (const side of SIDES) whose[side] = step.guest || null;
      // A step begins on the first page; what tells of that may come later.
      if (beat === 0) for (const frame of all("iframe[data-pane]")) frame.dataset.path = "/";
      tellStory(step, stories[step.name]);
      await framesLoaded();
      if (PACE && beat + 1 < step.beats.length) await wait(PACE);
      if (mine !== turn) return;
    }
    playing = false;
    showStep(step.name);
  } catch (error) {
    if (mine !== turn) return;
    playing = false;
    drawGuesses();
    say($("#told"), error.message);
  }
  drawHappened();
  markSteps();
}

async function playBeat(name, beat) {
  const guess = { ...guesses };
  if (!RECORDED) {
    // One after the other: a beat of a step that was left may be under way.
    asked = asked.catch(() => null).then(() => ask(`/tour/${name}`, { beat, guess }));
    return asked;
  }
  const whole = RECORDED.stories[name];
  const done = beat + 1 === whole.beats.length;
  return { ...whole, guess, beats: whole.beats.slice(0, beat + 1), seen: done ? whole.seen : null };
}

function markSteps() {
  for (const link of all("[data-step]")) {
    const done = Boolean(stories[link.dataset.step]?.seen);
    link.classList.toggle("done", done);
    say(link.querySelector(".hidden"), done ? ", done" : "");
  }
  sumUp();
  const next = ORDER.find((name) => !stories[name]?.seen) ?? "own";
  $("#begin").href = `#${next}`;
  say($("#begin"), next === ORDER[0] ? "Start the tour" : `Go on: ${STEPS[next]?.label ?? "something of your own"}`);
}

/** Say that the tour is over, once every step has been seen, and how many guesses were right. */
function sumUp() {
  const seen = DATA.steps.map(({ name }) => stories[name]).filter((story) => story?.seen);
  const right = seen.flatMap((story) => SIDES.filter((side) => side in story.guess).map((side) => story.guess[side] === story.seen[side].answer));
  $("#over").hidden = seen.length < DATA.steps.length;
  say($("#over span"), right.length ? `Of your ${right.length} guesses, ${right.filter(Boolean).length} were right.` : "");
}

/** Tell the whole of it, to be printed or kept. */
function drawHappened() {
  const told = ORDER.filter((name) => stories[name]?.seen);
  draw($("#story"), told.map((name) => stories[name]), () => told.length ? told.map((name) => {
    const { guess: mine, seen } = stories[name];
    const step = STEPS[name];
    return make("li", {}, make("h2", {}, make("a", { href: `#${name}` }, step.question)),
      ...SIDES.map((side) => make("p", { class: side }, make("b", {}, `${NAMES[side]}: `),
        `${yes(seen[side].answer)}. ${seen[side].sentence}`, make("span", { class: "muted" }, judged(mine[side], seen[side].answer)))),
      make("p", {}, step.lesson));
  }) : [make("li", {}, "None of the tour's questions has been seen yet. ", make("a", { href: "#read" }, "Start the tour"))]);
}

$("#see").addEventListener("click", see);
for (const button of all("[data-guess]")) button.addEventListener("click", () => guess(button));

/** Arrow keys go through the tour, except where they are somebody else's. */
document.addEventListener("keydown", (event) => {
  const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!move || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, pre, [role=region], .lanes")) return;
  const places = ["start", ...ORDER];
  const here = places.indexOf(location.hash.slice(1) || "start");
  const next = places[here + move];
  if (here >= 0 && next) location.hash = next;
});
