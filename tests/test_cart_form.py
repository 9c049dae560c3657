"""The cart's page: one form for all quantities, which overwrites nothing that it has not shown."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from running_shop import FORM, ITEM, SKUS, Shop, Visitor

from server.shop import Item, StaleCart, note_mark, with_changes

FIRST, SECOND = SKUS[:2]


class _Fields(HTMLParser):
    """The named fields that belong to one form of a page, by their ``form`` or by being in it."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.inside, self.fields = form, False, dict[str, str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self.inside = told.get("id") == self.form
        elif "name" in told and told.get("form", self.form if self.inside else None) == self.form:
            self.fields[str(told["name"])] = told.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"


def fields_of(page: str, form: str = "cart-form") -> dict[str, str]:
    parser = _Fields(form)
    parser.feed(page)
    return parser.fields


def quantities(visitor: Visitor) -> dict[str, int]:
    return {item["sku"]: item["quantity"] for item in visitor.get("/cart").json["items"]}


def with_two(shop: Shop) -> Visitor:
    """Return somebody with two of the first product in the cart, and one of the second."""
    visitor = shop.visitor()
    visitor.post("/cart", ITEM)
    visitor.post("/cart", {"sku": SECOND, "quantity": 1})
    return visitor


def test_all_quantities_change_at_once(shop: Shop) -> None:
    """The form has each quantity, and what it was; sent back, it sets them all."""
    visitor = with_two(shop)
    fields = fields_of(visitor.page("/cart").text)
    assert fields == {
        f"quantity_{FIRST}": "2",
        f"was_{FIRST}": "2",
        f"quantity_{SECOND}": "1",
        f"was_{SECOND}": "1",
    }
    fields |= {f"quantity_{FIRST}": "3", f"quantity_{SECOND}": "9"}
    reply = visitor.submit("/cart", fields)
    assert (reply.status, reply.headers["Location"]) == (303, "/cart")
    assert quantities(visitor) == {FIRST: 3, SECOND: 9}
    assert "Your cart is saved." in visitor.page("/cart").text


@pytest.mark.parametrize("entered", ["7", "2"])
def test_a_stale_page_overwrites_nothing(shop: Shop, entered: str) -> None:
    """Changed in another tab since, it is answered 409, with a sentence and the cart as it is."""
    visitor = with_two(shop)
    stale = fields_of(visitor.page("/cart").text) | {f"quantity_{FIRST}": entered}
    visitor.post("/cart", ITEM)
    reply = visitor.submit("/cart", stale)
    assert reply.status == 409
    assert "The cart has changed since" in reply.text
    assert fields_of(reply.text)[f"quantity_{FIRST}"] == "4"
    assert quantities(visitor) == {FIRST: 4, SECOND: 1}
    assert visitor.submit("/cart", fields_of(reply.text)).status == 303


def test_a_stale_page_brings_nothing_back(shop: Shop) -> None:
    """What was removed in another tab stays removed; what was added there is no obstacle."""
    visitor = with_two(shop)
    stale = fields_of(visitor.page("/cart").text)
    visitor.post("/cart", {"sku": SKUS[2], "quantity": 5})
    assert visitor.submit("/cart", stale | {f"quantity_{SECOND}": "2"}).status == 303
    assert quantities(visitor) == {FIRST: 2, SECOND: 2, SKUS[2]: 5}
    visitor.send("DELETE", f"/cart/{FIRST}")
    assert visitor.submit("/cart", stale).status == 409
    assert quantities(visitor) == {SECOND: 2, SKUS[2]: 5}


@pytest.mark.parametrize("wrong", ["0", "100", "x", "", "1.5"])
def test_a_wrong_quantity_is_told_at_its_field(shop: Shop, wrong: str) -> None:
    """422 with the form again, as it was filled in, and nothing of it is saved."""
    visitor = with_two(shop)
    fields = fields_of(visitor.page("/cart").text)
    fields |= {f"quantity_{FIRST}": wrong, f"quantity_{SECOND}": "5"}
    reply = visitor.submit("/cart", fields)
    assert reply.status == 422
    again = fields_of(reply.text)
    assert (again[f"quantity_{FIRST}"], again[f"quantity_{SECOND}"]) == (wrong, "5")
    assert f'id="quantity-{FIRST}-problem"' in reply.text
    assert quantities(visitor) == {FIRST: 2, SECOND: 1}
    told = visitor.send_bytes("POST", "/cart", body_of(fields), FORM).json["error"]
    assert told["fields"] == {f"quantity_{FIRST}": "Must be a whole number from 1 to 99."}


def body_of(fields: dict[str, str]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode()


def test_unknown_fields_are_refused(shop: Shop) -> None:
    """A field that the cart does not have, or of a product that there is not, is named."""
    visitor = with_two(shop)
    shown = {f"quantity_{FIRST}": 3, f"was_{FIRST}": 2}
    for unknown in ("colour", f"price_{FIRST}", "quantity_nothing-01", "was_note_"):
        reply = visitor.post("/cart", shown | {unknown: 1})
        assert (reply.status, set(reply.json["error"]["fields"])) == (422, {unknown})
    reply = visitor.post("/cart", ITEM | {"colour": "red"})
    assert (reply.status, set(reply.json["error"]["fields"])) == (422, {"colour"})
    reply = visitor.send("PUT", f"/cart/{FIRST}", {"quantity": 1, "colour": "red"})
    assert (reply.status, set(reply.json["error"]["fields"])) == (422, {"colour"})
    assert quantities(visitor) == {FIRST: 2, SECOND: 1}


def test_a_quantity_without_what_it_was_is_incomplete(shop: Shop) -> None:
    """Nobody can tell whether it overwrites anything, so it is 400."""
    visitor = with_two(shop)
    for fields in ({f"quantity_{FIRST}": 3}, {f"was_{FIRST}": 2}, {f"note_{FIRST}": "x"}):
        reply = visitor.post("/cart", fields)
        assert (reply.status, reply.code) == (400, "missing_field")


def test_programs_are_told_of_a_stale_cart(shop: Shop) -> None:
    """409 in the shape of every error."""
    reply = with_two(shop).post("/cart", {f"quantity_{FIRST}": 3, f"was_{FIRST}": 1})
    assert (reply.status, reply.code, set(reply.json)) == (409, "cart_changed", {"error"})


def test_a_note_has_a_form_of_its_own(shop: Shop) -> None:
    """It changes the note alone, and a stale one overwrites no other."""
    visitor = with_two(shop)
    fields = fields_of(visitor.page("/cart").text, f"note-form-{FIRST}")
    assert set(fields) == {f"note_{FIRST}", f"was_note_{FIRST}"}
    visitor.post("/cart", ITEM)
    assert visitor.submit("/cart", fields | {f"note_{FIRST}": "a gift"}).status == 303
    item = visitor.get("/cart").json["items"][0]
    assert (item["quantity"], item["note"]) == (4, "a gift")
    reply = visitor.submit("/cart", fields | {f"note_{FIRST}": "another"})
    assert (reply.status, "a gift" in reply.text) == (409, True)


def test_a_product_is_removed_by_its_button(shop: Shop) -> None:
    """One that is removed already is no error."""
    visitor = with_two(shop)
    assert fields_of(visitor.page("/cart").text, f"remove-{FIRST}") == {}
    for _ in range(2):
        assert visitor.submit(f"/cart/{FIRST}/remove").status == 303
    assert quantities(visitor) == {SECOND: 1}


def test_a_change_is_made_of_what_was_shown_and_of_nothing_else() -> None:
    """Pure: the same function makes the new cart of any version, or refuses."""
    old = {"a": Item(2, "x"), "b": Item(1)}
    new = with_changes({"a": {"quantity": 5}}, {"a": {"quantity": 2}}, old)
    assert new == {"a": Item(5, "x"), "b": Item(1)}
    new = with_changes({"a": {"note": ""}}, {"a": {"note": note_mark("x")}}, old)
    assert new == {"a": Item(2), "b": Item(1)}
    for shown in ({"a": {"quantity": 3}}, {"a": {"note": note_mark("y")}}):
        with pytest.raises(StaleCart):
            with_changes({"a": {"quantity": 5}}, shown, old)
    with pytest.raises(StaleCart):
        with_changes({"c": {"quantity": 5}}, {"c": {"quantity": 1}}, old)
