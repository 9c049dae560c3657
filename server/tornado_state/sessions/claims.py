"""Which session was begun for what a predecessor left with a visitor: one, and no second one.

Rule 1: what a visitor presents is claimed, by a record that says for which session. Of requests
that bring it at once, one has the session it began stand; the others go on in that.
Rule 2: it stays claimed when the session is over. So a sign-out ends what the old cookie was good
for, and a copy of it is worth nothing: for as long as the store keeps the claim, 30 days at most,
and as long as the secret is listed that was the oldest then.
"""

from __future__ import annotations

from .clocks import LONGEST_IDLE
from .record_contents import last_word
from .records import SessionRecords
from .stored import StoredSession


class Claims:
    """Claims among ``records``. What is claimed is bytes, the same whenever it is presented."""

    def __init__(self, records: SessionRecords) -> None:
        self._records = records

    async def find(self, claim: bytes) -> str | None:
        """Return the ID of the session that was begun for it, which may be over; None for none."""
        claim_id = self._id_of(claim)
        record = await self._records.load(claim_id)
        opened = self._records.open(claim_id, record.sealed) if record else None
        word = opened.last_word if opened else None
        return word.to if word else None

    async def add(self, claim: bytes, session: StoredSession) -> bool:
        """Claim it for ``session``; False when it is claimed for another."""
        claim_id, sealer = self._id_of(claim), self._records.sealer
        word = last_word(sealer, claim_id, self._records.clock(), session.session_id, {})
        return await self._records.store.add(sealer.store_key(claim_id), word.sealed, LONGEST_IDLE)

    def _id_of(self, claim: bytes) -> str:
        return self._records.sealer.derived_id("claim", claim)
