import asyncio

from tornado_state import Kind, StateApplication, StateHandler

VISITS = Kind("visits", int, default=0, fresh=True, concurrent=True)


class Visits(StateHandler):
    visits = VISITS

    async def get(self) -> None:
        count = await self.state.update(VISITS, lambda n: n + 1)
        self.write(f"visit number {count}")


async def main() -> None:
    app = StateApplication([("/", Visits)], cookie_secret="…", session_store="memcached://127.0.0.1")
    app.listen(8888)
    await asyncio.Event().wait()


asyncio.run(main())
