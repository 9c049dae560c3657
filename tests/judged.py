"""Pages as axe-core judges them, in both themes.

A page of the same shape as one it found nothing wrong with is not judged again: the three shops
have the same handlers, and what differs in a page are words, addresses and values.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe().axe_script
_JUDGE = """async options => {
  const { violations } = await axe.run(document, { ...options, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
}"""
#: Elements with their attributes, and where there are words; not what is only another address,
#: another value or another word.
_SHAPE = """() => {
  const words = new Set(["href", "src", "value", "action", "content", "datetime", "title"]);
  const shape = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? "text" : "";
    if (node.nodeType !== Node.ELEMENT_NODE || node.tagName === "SCRIPT") return "";
    const attributes = [...node.attributes].map(({ name, value }) =>
      `${name}=${words.has(name) ? value !== "" : value}`);
    const inside = [...node.childNodes].map(shape).join("");
    return `<${[node.tagName, ...attributes.sort()].join(" ")}>${inside}</>`;
  };
  return shape(document.documentElement);
}"""

_found_right: set[tuple[str, int]] = set()


def problems(page: Page, **options: Any) -> list[str]:
    """Return what axe-core finds wrong with a page, all of it unfolded, in a line each."""
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    width = page.evaluate("innerWidth")
    shape = (page.evaluate(_SHAPE), width)
    if shape in _found_right:
        return []
    page.evaluate(_AXE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found: list[str] = page.evaluate(_JUDGE, options)
    page.emulate_media(color_scheme="dark")  # another theme is other colours and nothing else
    found += page.evaluate(_JUDGE, {**options, "runOnly": ["color-contrast"]})
    if not found:
        _found_right.add(shape)
    return [f"{page.url}: {each}" for each in found]
