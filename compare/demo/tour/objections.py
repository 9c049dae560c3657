"""What people say to the tour, and what is so: measured, or a link to what measures it."""

from __future__ import annotations

#: By name: what is said, and the answer.
OBJECTIONS = {
    "encrypt": (
        "But one can encrypt the cookie.",
        "Then nobody reads it, and nothing else changes: a copy still works after you have signed "
        "out, and an old cart can still be put back, because for that nobody has to read it. Try "
        "the next steps with that in mind; `make compare ONLY=replay` and `ONLY=rollback` send "
        "cookies without looking into them.",
    ),
    "jwt": (
        "But I use a JWT.",
        "A JWT is a signed cookie in another wrapping: readable to its holder, good until it "
        "expires, and nobody can take it back. Paste one into a decoder and it opens as this "
        "cookie did.",
    ),
    "refresh": (
        "But it lives for a few minutes only, and is refreshed.",
        "Then a sign-out takes a few minutes to reach the thief. Whoever refreshes it has to ask "
        "whether it still may, and what is asked there is a session on a server.",
    ),
    "denylist": (
        "But one can keep a list of what was signed out.",
        "Every request then asks that list, which has to be reachable, shared and never lost. "
        "That is what a session costs, without what it gives. A request that looks a session up "
        "takes this shop about a tenth more processor time (`make compare ONLY=cost`).",
    ),
    "framework": (
        "But my framework's sessions do that, too.",
        "Most do not: express-session, Flask-Session, starsessions and Django write the whole "
        "session back, and the last one wins there as well (compare/peers/README.rst). These "
        "sessions notice that another request was faster, and merge. `make check` tries yours.",
    ),
    "localstorage": (
        "But I keep it in localStorage.",
        "Then every script on the page can read it; no script can read the cookies of these two "
        "shops (HttpOnly). And the server is sent what the browser likes to send, old or new, as "
        "with a cookie.",
    ),
    "scale": (
        "But sessions do not scale.",
        "Measured: with a session, this shop answers 2,903 requests a second on one core, with a "
        "signed cookie 3,226. A million sessions of 200 bytes take 393 MB of memcached "
        "(compare/MEASURED.rst). While the store is away, sessions are out of reach, as you have "
        "just seen; that is the price.",
    ),
}
