// The frames: what each browser shows. In a saved page, the pages that were recorded.

/** Load the frames anew, each at the page it is at, without another step in the history. */
function reloadPanes(frames = all("iframe[data-pane]")) {
  for (const frame of frames) {
    if (frame.closest("[hidden]")) stale.add(frame);
    else loadPane(frame);
  }
}

/** Frames out of sight that are to be loaded anew once they are seen. */
const stale = new Set();

function loadPane(frame) {
  stale.delete(frame);
  frame.dataset.loading = ""; // what is pressed in a page that goes away would be lost
  frame.contentWindow.location.replace(frame.dataset.pane + (frame.dataset.path ?? "/"));
}

for (const frame of all("iframe")) frame.addEventListener("load", () => delete frame.dataset.loading);

/** Return when all frames show what they were asked for, or after three seconds. */
async function framesLoaded() {
  const until = Date.now() + 3000;
  while ($("iframe[data-loading]") && Date.now() < until) await wait(20);
}

/** Show what both browsers had after a beat: by asking for it, or as it was recorded. */
function showPages(beat) {
  if (!RECORDED) {
    if (playing) reloadPanes();
    return;
  }
  for (const side of SIDES) {
    const { you, guest } = beat?.pages[side] ?? RECORDED.first[side];
    fill($(`[data-frame="${side}"]`), you);
    fill($(`[data-frame="${side}-guest"]`), guest ?? "");
  }
}

function fill(frame, page) {
  const dressed = page.replace("</head>", () => `<style>${RECORDED.css}</style></head>`);
  if (frame.srcdoc !== dressed) frame.srcdoc = dressed;
}
