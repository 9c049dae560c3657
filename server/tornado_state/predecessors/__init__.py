"""What kept a visitor's state before, and is still read for a while: nobody is signed out for it.

adopted.py          what a kind adopts: a value of a predecessor, or its own from another tier
signed_cookie.py    Tornado's ``set_signed_cookie``
pycket.py           sessions of pycket
plain_pickle.py     what a pickle says, where that is plain data; nothing of it is executed
old_cookies.py      predecessors' cookies, as they come and are cleared
express.py          sessions of express-session
"""

from .adopted import MOVED_FROM_COOKIE, MOVED_FROM_SESSION, Adopted, Moved, Predecessor
from .express import ExpressSession
from .pycket import Pycket
from .signed_cookie import from_signed_cookie

__all__ = [
    "MOVED_FROM_COOKIE",
    "MOVED_FROM_SESSION",
    "Adopted",
    "ExpressSession",
    "Moved",
    "Predecessor",
    "Pycket",
    "from_signed_cookie",
]
