"""Pages as axe-core judges them, in both themes.

A page whose parts all stood in pages that it found nothing wrong with is not judged again: the
three shops have the same handlers, and what differs in a part are words, addresses and values.
Contrast, which takes most of the time, is judged of each pair of letters and ground once.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe().axe_script
_JUDGE = """async options => {
  const rules = { "color-contrast": { enabled: false } };
  const { violations } = await axe.run({ ...options, rules, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
}"""
#: Elements with their attributes, and where there are words; not what is only another address,
#: another value or another word. What has much in it is as many parts as that has, and its own tag.
_PARTS = """() => {
  const words = new Set(["href", "src", "value", "action", "content", "datetime", "title"]);
  const shape = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? "text" : "";
    if (node.nodeType !== Node.ELEMENT_NODE || node.tagName === "SCRIPT") return "";
    const attributes = [...node.attributes].map(({ name, value }) =>
      `${name}=${words.has(name) ? value !== "" : value}`);
    const inside = [...node.childNodes].map(shape).join("");
    return `<${[node.tagName, ...attributes.sort()].join(" ")}>${inside}</>`;
  };
  const parts = (node) => node.querySelectorAll("*").length <= 30
    ? [shape(node)] : [shape(node.cloneNode(false)), ...[...node.children].flatMap(parts)];
  return parts(document.documentElement);
}"""
#: How letters and all that lies under them are computed is what contrast follows from. What is put
#: over something else is told by its place.
_JUDGE_CONTRAST = """async known => {
  const pairs = new Set(known), fresh = [], nodes = [], grounds = new Map([[null, ""]]);
  const ground = (node) => {
    if (!grounds.has(node)) {
      const { backgroundColor, backgroundImage, opacity, filter, position, inset } =
        getComputedStyle(node);
      const own = `${backgroundColor} ${backgroundImage} ${opacity} ${filter}`;
      const placed = position === "static" ? "" : `${position} ${inset}`;
      const seen = own === "rgba(0, 0, 0, 0) none 1 none" ? "" : `/${own}`;
      grounds.set(node, ground(node.parentElement) + seen + placed);
    }
    return grounds.get(node);
  };
  for (const node of document.body.querySelectorAll("*")) {
    const says = node.matches("input, select, textarea") ||
      [...node.childNodes].some((it) => it.nodeType === Node.TEXT_NODE && it.data.trim());
    if (!says || !node.checkVisibility()) continue;
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(node);
    const pair = [color, fontSize, fontWeight, textShadow, ground(node)].join();
    if (pairs.has(pair)) continue;
    pairs.add(pair);
    fresh.push(pair);
    nodes.push(node);
  }
  if (!nodes.length) return [[], []];
  const options = { runOnly: ["color-contrast"], resultTypes: ["violations"] };
  const { violations } = await axe.run({ include: nodes }, options);
  const wrong = violations.flatMap(({ nodes }) => nodes.map(({ html }) => html.slice(0, 160)));
  return [fresh, wrong.map((html) => `color-contrast: ${html}`)];
}"""


class Known:
    """The parts of pages that somebody has found nothing wrong with, as wide as they were."""

    def __init__(self) -> None:
        self._parts: set[tuple[str, int]] = set()

    def parts_not_known(self, page: Page) -> set[tuple[str, int]]:
        """Return those of a page that have to be looked at."""
        width = page.evaluate("innerWidth")
        return {(part, width) for part in page.evaluate(_PARTS)} - self._parts

    def add(self, parts: set[tuple[str, int]]) -> None:
        """Nothing is wrong with them."""
        self._parts |= parts


_known = Known()
_readable: set[str] = set()


def problems(page: Page, **options: Any) -> list[str]:
    """Return what axe-core finds wrong with a page, all of it unfolded, in a line each."""
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    parts = _known.parts_not_known(page)
    if not parts:
        return []
    page.evaluate(_AXE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found: list[str] = page.evaluate(_JUDGE, options) + _unreadable(page)
    page.emulate_media(color_scheme="dark")  # another theme is other colours and nothing else
    found += _unreadable(page)
    if not found:
        _known.add(parts)
    return [f"{page.url}: {each}" for each in found]


def _unreadable(page: Page) -> list[str]:
    fresh, wrong = page.evaluate(_JUDGE_CONTRAST, sorted(_readable))
    if not wrong:
        _readable.update(fresh)
    return list(wrong)
