"""What people say to the tour, and what is so: measured where it is a number.

Each stands at the one step that it is about, and gives away none of the steps after it.
"""

from __future__ import annotations

from typing import NamedTuple


class Objection(NamedTuple):
    """What is said, the answer, and where what it rests on can be read: see `READ`."""

    but: str
    answer: str
    read: str = ""


#: What a running demo has to read, by its address, and what a link to it says.
READ = {
    "measured": ("MEASURED.rst", "all that was measured"),
    "peers": ("peers/README.rst", "which sessions were tried, and how"),
}

#: By name.
OBJECTIONS = {
    "encrypt": Objection(
        "But one can encrypt the cookie.",
        "Then nobody reads it. The next steps never read it: see what is left of them.",
    ),
    "jwt": Objection(
        "But I use a JWT.",
        "That is signed, and not encrypted, either: paste one into a decoder, and it opens as this "
        "cookie did.",
    ),
    "account_page": Objection(
        "But a thief with the session's number opens the account page and reads the address there.",
        "While the session lasts, yes; the next step ends it. What stands in the cookie can be "
        "read for ever, in every log, backup and screenshot that has it.",
    ),
    "refresh": Objection(
        "But my access token lives for minutes, and a refresh token gets the next one.",
        "Then a sign-out reaches the thief minutes later. And a server looks up whether the "
        "refresh token still counts: that is a session.",
    ),
    "denylist": Objection(
        "But one can keep a list of what was signed out.",
        "Then each request asks that list, which must never be away or lost: the price of a "
        "session. Looking one up takes this shop a tenth more processor time.",
        "measured",
    ),
    "localstorage": Objection(
        "But I keep it in localStorage.",
        "Then a script that gets into the page can copy it. No script can read the cookies of "
        "these two shops (HttpOnly); the thief here has sat down at your computer.",
    ),
    "token_version": Objection(
        "But a version number in the user's row throws out JWTs as well.",
        "Yes, if each request looks into that row: then it is a session, kept in the database.",
    ),
    "no_list": Objection(
        "But my framework's sessions do not do that.",
        "Most do not: of express-session, Flask-Session, starsessions and Django only Django ends "
        "the others when the password changes. One has to write it, or take it along.",
        "peers",
    ),
    "newest": Objection(
        "But one can number the carts, and refuse an old number.",
        "Then the server remembers the newest number of each visitor: that is a session.",
    ),
    "framework": Objection(
        "But my framework has sessions, too.",
        "Then try it. express-session, Flask-Session, starsessions and Django write the whole "
        "session back, and the last one wins, as with the cookie. The sessions of this shop see "
        "that another request was faster, and put both changes together.",
        "peers",
    ),
    "plain": Objection(
        "But why sign a theme at all?",
        "There is no need: nobody gains by forging one, and a plain cookie or localStorage would "
        "do. A signature matters where somebody gains, as with a name or a price.",
    ),
    "restart": Objection(
        "But if the store starts anew, is everybody signed out?",
        "Yes, and their carts are gone. Accounts and orders are not: they are in a database.",
    ),
    "scale": Objection(
        "But sessions do not scale.",
        "On one core, this shop answers 2,903 requests a second with a session, and 3,226 with a "
        "signed cookie. A million sessions take 393 MB of memory.",
        "measured",
    ),
    "regions": Objection(
        "But I have many servers, in several regions.",
        "All servers of a region ask the same store, which made a request of 0.7 ms one of 1.0 ms "
        "here. To another region it is too far, so each keeps the sessions of its own visitors.",
        "measured",
    ),
}
