"""The smallest application again, as one that runs on a laptop: plain http, sessions in memory."""

import asyncio
import secrets

from tornado_state import Kind, StateApplication, StateHandler

VISITS = Kind("visits", int, default=0, fresh=True, concurrent=True)


class Visits(StateHandler):
    visits = VISITS

    async def get(self) -> None:
        count = await self.state.update(VISITS, lambda n: n + 1)
        self.write(f"visit number {count}")


def make_app() -> StateApplication:
    return StateApplication(
        [("/", Visits)],
        cookie_secret=secrets.token_urlsafe(32),  # of this run only: every start begins anew
        session_store="memory://",
        cookie_secure=False,  # plain http, for this machine only
    )


async def main() -> None:
    make_app().listen(8888, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
