"""What a Redis says unasked before it hangs up: why it takes no connection.

To whoever has sent something by then the system may not give it, so it is listened for anew.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ...exceptions import StoreUnavailable, StoreUnfit
from ..addresses import Address

#: Seconds; who has anything to say says it at once, and one that wants TLS says nothing.
_PATIENCE = 0.1


async def refusal_of(address: Address) -> StoreUnavailable | None:
    """Return why the Redis at ``address`` takes no connection, as far as it says so."""
    said = b""
    with suppress(OSError, TimeoutError):
        said = await asyncio.wait_for(_heard(address), _PATIENCE)
    if said.startswith(b"-DENIED"):
        return StoreUnfit("this Redis is in protected mode: it wants to have a password")
    if b"max number of clients" in said:
        return StoreUnavailable("this Redis takes no more clients (maxclients)")
    return None


async def _heard(address: Address) -> bytes:
    opening = (
        asyncio.open_unix_connection(address)
        if isinstance(address, str)
        else asyncio.open_connection(*address)
    )
    reader, writer = await opening
    try:
        return await reader.read(1024)
    finally:
        writer.close()
