// Returns what is wrong with the page for people who do not see, hear or point as others do.
() => {
  const wrong = [];
  const check = (right, what) => { if (!right) wrong.push(what); };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const named = (element) => element.outerHTML.slice(0, 90);

  check(document.documentElement.lang, "no language");
  check(document.title.trim(), "no title");
  for (const landmark of ["header", "main", "footer"]) {
    check(all(landmark).length === 1, `not one ${landmark}`);
  }
  const navigations = all("nav").map(({ ariaLabel }) => ariaLabel);
  check(navigations.length && navigations.every(Boolean), "no navigation, or one without a name");
  check(new Set(navigations).size === navigations.length, "two navigations of one name");

  const ids = all("[id]").map(({ id }) => id);
  check(new Set(ids).size === ids.length, "an id is there twice");

  const levels = all("h1, h2, h3, h4").map(({ tagName }) => Number(tagName[1]));
  check(levels.filter((level) => level === 1).length === 1, "not one h1");
  levels.reduce((before, level) => {
    check(level <= before + 1, `a heading of level ${level} after one of level ${before}`);
    return level;
  }, 0);

  for (const field of all("input:not([type=hidden], [hidden]), select, textarea")) {
    check(field.labels.length, `no label: ${named(field)}`);
  }
  for (const it of all("a, button, summary")) {
    check(it.textContent.trim() || it.ariaLabel, `no name: ${named(it)}`);
  }
  for (const picture of all("svg")) {
    check(picture.closest("[aria-hidden=true]"), `a picture that is neither named nor hidden`);
  }

  const wide = document.documentElement.scrollWidth;
  check(wide <= innerWidth, `${wide - innerWidth} pixels wider than the screen`);

  const inText = (element) => getComputedStyle(element).display === "inline";
  for (const it of all("a, button, summary, select, input:not([type=hidden])")) {
    const { width, height } = it.getBoundingClientRect();
    const small = Math.min(width, height) < 24 && it.checkVisibility() && !inText(it);
    check(!small || it.closest(".skip"), `too small to hit: ${named(it)}`);
  }

  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const channels = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (value) =>
    value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([red, green, blue]) =>
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ground = (element) => {
    const color = element ? channels(getComputedStyle(element).backgroundColor) : [255, 255, 255, 255];
    return color[3] === 255 ? color : ground(element.parentElement);
  };
  const contrast = (color, element) => {
    const [dark, light] = [luminance(channels(color)), luminance(ground(element))].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  for (const element of all("body *")) {
    if (!element.checkVisibility() || element.closest("[aria-hidden=true]")) continue;
    if (hasText(element) || element.value) {
      const found = contrast(getComputedStyle(element).color, element);
      check(found >= 4.5, `contrast ${found.toFixed(2)}: ${named(element)}`);
    }
    if (element.placeholder) {
      const found = contrast(getComputedStyle(element, "::placeholder").color, element);
      check(found >= 4.5, `contrast ${found.toFixed(2)} of the hint: ${named(element)}`);
    }
  }
  return wrong;
}
