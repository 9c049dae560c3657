"""The shop's handlers, the same in every composition.

They name kinds of state, and know neither tiers nor stores nor settings: whether something can be
done is asked of the state, by capability.

negotiation.py  JSON or HTML
bodies.py       what a request's body says
errors.py       what went wrong, as a client is told
placements.py   where state is kept, and what an outage takes away, in sentences
formats.py      money and times
devices.py      a browser's short description
known_devices.py  who has signed in on a device
events.py       the security log
headers.py      the security headers
notices.py      what a page says once
referers.py     where a form came from
base.py         what all handlers share
pages.py        the shop's page, the products
preferences.py  how a visitor wants to search
cart.py         what a visitor means to buy
cart_form.py    the forms of the cart's page
account.py      register, the account, its password
sign_in.py      sign in, sign out
sessions.py     an account's sessions: listed and ended
too_large.py    bodies that nobody will read
other.py        health, unknown paths, static files
routes.py       which URL is whose
"""

from .known_devices import DEVICE
from .routes import ROUTES, SHOP_SETTINGS
from .too_large import MOST_DROPPED, Dropping, TooLargeHandler, is_too_large

__all__ = [
    "DEVICE",
    "MOST_DROPPED",
    "ROUTES",
    "SHOP_SETTINGS",
    "Dropping",
    "TooLargeHandler",
    "is_too_large",
]
