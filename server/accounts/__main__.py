"""``python -m server.accounts``: the accounts, for whoever runs the service.

Rule 1: a password is asked for, or read from standard input; it is never an argument, which every
user of the machine could read.
Rule 2: ``disable`` ends the account's sessions as well, wherever the applications said that they
keep them, and is done only when they have ended (:mod:`.ending`). What it could not end it says;
running it again is always safe.
Rule 3: what follows a command is taken as it is: an account may be called ``-h``.
Rule 4: exit status 0: done. 1: not, or not all of it. 2: asked for in a wrong way.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from tornado_state.stores import MemcachedStore

from ..settings import process_environment
from .accounts import Accounts
from .database_url import read_url
from .ending import end_sessions
from .errors import AccountError, AccountsUnavailable, PasswordRefused, UnknownAccount
from .places import SIGNED_COOKIES


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command; return its exit status."""
    options = _parser(environment).parse_args(arguments)
    try:
        return asyncio.run(_run(options))
    except AccountError as error:
        return _complain(str(error))


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m server.accounts", description="The accounts of the shop.")
    parser.add_argument(
        "--accounts",
        metavar="URL",
        type=_accounts_url,
        default=environment.get("ACCOUNTS") or None,
        help="the database (default: $ACCOUNTS, else each application's in the run directory)",
    )
    parser.add_argument(
        "--memcached",
        metavar="ADDRESSES",
        type=_addresses,
        default=environment.get("MEMCACHED") or None,
        help="host:port[,host:port…] or a socket's path, to look for sessions besides where the "
        "applications said that they keep them ($MEMCACHED)",
    )
    parser.add_argument(
        "--run-dir",
        metavar="PATH",
        type=Path,
        default=environment.get("RUN_DIR") or ".run",
        help="where applications keep accounts by default ($RUN_DIR, else .run)",
    )
    _add_commands(parser)
    return parser


def _add_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: _Command, explanation: str) -> argparse.ArgumentParser:
        # Whatever follows is a name or an address, one like -h too: nothing begins an option.
        added = commands.add_parser(
            name, help=explanation, description=explanation, add_help=False, prefix_chars="\0"
        )
        added.set_defaults(run=run)
        return added

    command("list", _list, "list all accounts")
    add = command("add", _add, "add an account; its password is asked for, or read from a pipe")
    add.add_argument("name")
    add.add_argument("email")
    command(
        "disable", _disable, "end an account's sessions and let it sign in no more"
    ).add_argument("name")
    command("enable", _enable, "let an account sign in again").add_argument("name")


def _accounts_url(text: str) -> str:
    try:
        read_url(text)
    except AccountsUnavailable as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _addresses(text: str) -> tuple[str, ...]:
    addresses = tuple(text.split(","))
    try:
        MemcachedStore(addresses)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return addresses


async def _run(options: argparse.Namespace) -> int:
    """Run the command on each database; an account need not be in all of them, but in one."""
    run: _Command = options.run
    options.password = _read_password() if run is _add else None
    statuses: list[int] = []
    unknown: UnknownAccount | None = None
    for url in _urls(options):
        accounts = await Accounts.open(url)
        try:
            statuses.append(await run(accounts, options))
        except UnknownAccount as error:
            unknown = error
        finally:
            await accounts.close()
    if unknown and not statuses:
        raise unknown
    return max(statuses)


def _urls(options: argparse.Namespace) -> list[str | Path]:
    """Return the database named, or those that applications have made in the run directory."""
    if options.accounts:
        return [options.accounts]
    found = sorted(options.run_dir.glob("accounts-*.sqlite3"))
    if not found:
        raise AccountsUnavailable(
            f"no accounts in {options.run_dir}: start an application first, or name --accounts"
        )
    return list(found)


async def _list(accounts: Accounts, _options: argparse.Namespace) -> int:
    for entry in await accounts.entries():
        state = "disabled" if entry.disabled else "enabled"
        account = entry.account
        print(account.username, account.email, state, f"{entry.sessions} sessions", sep="\t")
    return 0


async def _add(accounts: Accounts, options: argparse.Namespace) -> int:
    account = await accounts.register(options.name, options.email, options.password)
    print(f"{account.username} can sign in now.")
    return 0


async def _enable(accounts: Accounts, options: argparse.Namespace) -> int:
    await accounts.enable(options.name)
    print(f"{options.name} can sign in again.")
    return 0


async def _disable(accounts: Accounts, options: argparse.Namespace) -> int:
    store_keys = await accounts.disable(options.name)
    places = await accounts.places()
    in_store = [place for place in places if place.kind != SIGNED_COOKIES]
    ended, obstacles = await end_sessions(store_keys, in_store, options.memcached or ())
    await accounts.forget_sessions(ended)
    left = len(store_keys) - len(ended)
    if left:
        return _complain(
            f"{options.name} is disabled, but {left} of {len(store_keys)} sessions could not be "
            f"ended: {'; '.join(obstacles)}. Run this again once that has changed."
        )
    if len(in_store) < len(places):
        return _complain(
            f"{options.name} is disabled, but nobody can end a sign-in that is kept in a signed "
            "cookie: it goes on until the cookie is too old."
        )
    print(f"{options.name} is disabled, and {len(ended)} sessions have ended.")
    return 0


_Command = Callable[[Accounts, argparse.Namespace], Awaitable[int]]


def _read_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass()
    try:
        return sys.stdin.buffer.readline().decode().removesuffix("\n")
    except UnicodeDecodeError as error:
        raise PasswordRefused({"password": "The password must be text in UTF-8."}) from error


def _complain(sentence: str) -> int:
    print(f"python -m server.accounts: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], process_environment()))
