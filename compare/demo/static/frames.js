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
  // What is pressed in a page that goes away would be lost; one that was stopped stays.
  const mark = (frame.dataset.loading = String(performance.now()));
  setTimeout(() => frame.dataset.loading === mark && delete frame.dataset.loading, 3000);
  frame.contentWindow.location.replace(frame.dataset.pane + (frame.dataset.path ?? "/"));
}

for (const frame of all("iframe")) frame.addEventListener("load", () => delete frame.dataset.loading);

/** Return when all frames show what they were asked for, or have had three seconds for it. */
async function framesLoaded() {
  while ($("iframe[data-loading]")) await wait(20);
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
