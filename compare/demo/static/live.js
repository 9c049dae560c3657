// What only a running demo has: buttons that do something, and events that tell of it.

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-action]");
  if (button) act(button);
  const link = target.closest("[data-try]");
  if (link) setTimeout(() => act($(`.actions [data-action="${link.dataset.try}"]`)));
});
$("#sign-in").addEventListener("click", () => account({}));
$("#sign-up").addEventListener("submit", (event) => {
  event.preventDefault();
  account(Object.fromEntries(new FormData(event.target)));
});
$("#anew").addEventListener("click", async ({ currentTarget }) => {
  currentTarget.setAttribute("aria-disabled", "true");
  say($("#anew-said"), "Starting two other shops …");
  await ask("/anew", {}).catch(() => null);
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

/** Whoever comes back finds the store there, but for where it is seen to be away. */
let isBack = false;
function comeBack() {
  const away = frozen && (view === "start" || (current && !STEPS[current].takes_store_away));
  if (away && !isBack) ask("/left", {}).catch(() => null);
  isBack = true;
}

/** Listen; when the demo was away, or this booth was closed, come back by itself. */
let events = null;
function listen() {
  events?.close();
  const mine = events = new EventSource("/events");
  mine.onmessage = ({ data }) => {
    show(JSON.parse(data));
    comeBack();
  };
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
