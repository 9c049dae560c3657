"""The options, and how one is read.

Rule 1: every option may also come from the environment under its upper-case name
(``--idle-timeout``: ``IDLE_TIMEOUT``); the command line wins, and an empty variable is none.
Rule 2: a value of the wrong type, an unknown option or a stray argument is `StartError` with one
sentence that names it as it was given. What a value may be besides, :mod:`.settings` checks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tornado.options import Error, OptionParser

from .start_error import StartError


class Option(NamedTuple):
    """An option as ``--help`` shows it; a ``default`` of None is decided elsewhere."""

    name: str
    type: type
    default: Any
    help: str

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return self.name.upper().replace("-", "_")


OPTIONS = (
    Option("port", int, None, "where to listen; 0 for any free port"),
    Option("address", str, "127.0.0.1", "where to listen: an IP address, or localhost"),
    Option("dev", bool, False, "plain http on loopback, cookies not Secure; for development only"),
    Option(
        "cookie-secret-file",
        str,
        None,
        "one secret of 32 bytes or more, or lines version:secret, newest last"
        " (with --dev made on the first run)",
    ),
    Option(
        "memcached",
        str,
        None,
        "host:port[,host:port...] or a socket's path"
        " (otherwise a private memcached is started and stopped with the application)",
    ),
    Option("store", str, "memcached", "memory keeps sessions in this process, and loses them"),
    Option(
        "accounts", str, None, "a SQLAlchemy URL (otherwise a SQLite file in the run directory)"
    ),
    Option("idle-timeout", int, 1800, "seconds a session may be left unused"),
    Option("absolute-timeout", int, 43_200, "seconds after which a session ends in any case"),
    Option(
        "anonymous-idle-timeout",
        int,
        None,
        "the same where nobody is signed in (otherwise 900, or --idle-timeout if that is less)",
    ),
    Option("store-deadline", float, 0.5, "seconds for a whole store operation"),
    Option("processes", int, 1, "worker processes sharing the port"),
    Option("certfile", str, None, "serve https with this certificate (PEM)"),
    Option("keyfile", str, None, "the certificate's private key (PEM)"),
    Option("trust-proxy", bool, False, "believe X-Forwarded-* from loopback"),
    Option("run-dir", str, ".run", "where secrets, accounts and sockets are kept by default"),
    Option("access-log", bool, True, "log each request"),
    Option(
        "state-name", str, None, "how the names of its cookies begin (otherwise as it is called)"
    ),
)

_BY_NAME = {option.name: option for option in OPTIONS}

#: Tornado takes every other text for true.
_BOOLEANS = {"true": "true", "1": "true", "false": "false", "0": "false"}

_METAVARS = {int: "N", float: "SECONDS", str: "TEXT"}

_EXPECTED = {int: "a whole number", float: "a number", bool: "true or false"}


def read_options(
    default_port: int, arguments: Sequence[str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return every option's value by its name with underscores; `StartError` for a wrong one.

    ``--help`` or ``-h`` prints the options to standard output and exits with status 0.
    """
    parser = _parser(default_port)
    if not {"--help", "-h"}.isdisjoint(arguments):
        parser.print_help(sys.stdout)
        sys.exit(0)
    for option, text in _from_environment(environment):
        _parse(parser, option, text, f"{option.variable} in the environment")
    for argument in arguments:
        option, text = _split(argument)
        _parse(parser, option, text, f"--{option.name}")
    return {option.name.replace("-", "_"): parser[option.name] for option in OPTIONS}


def is_given(name: str, arguments: Sequence[str]) -> bool:
    """Return whether an option is among the arguments, and not just in the environment."""
    return any(_split(argument)[0] is _BY_NAME[name] for argument in arguments)


def _parser(default_port: int) -> OptionParser:
    """Return a parser of our own: the global one has whatever other modules define."""
    parser = OptionParser()
    for option in OPTIONS:
        parser.define(
            option.name,
            default_port if option.name == "port" else option.default,
            type=option.type,
            metavar=_METAVARS.get(option.type),
            help=f"{option.help}; {option.variable}",
            group="Application",
        )
    return parser


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[Option, str]]:
    for option in OPTIONS:
        if text := environment.get(option.variable):
            yield option, text


def _split(argument: str) -> tuple[Option, str]:
    """Take ``--name=value`` apart; the parser would answer a wrong name with all of its help."""
    if not argument.startswith("-"):
        raise StartError(f"unexpected argument {argument!r}: options are given as --name=value")
    name, equals, text = argument.lstrip("-").partition("=")
    option = _BY_NAME.get(name.replace("_", "-"))
    if option is None:
        raise StartError(f"there is no option {argument.partition('=')[0]}: --help lists them")
    if not equals and option.type is not bool:
        raise StartError(f"--{option.name} needs a value: --{option.name}=…")
    if option.type is str and not text:
        what = "address" if option.name in {"address", "memcached"} else "value"
        raise StartError(f"--{option.name}: empty {what}")
    return option, text if equals else "true"


def _parse(parser: OptionParser, option: Option, text: str, shown: str) -> None:
    try:
        value = _BOOLEANS[text.lower()] if option.type is bool else text
        parser.parse_command_line(["", f"--{option.name}={value}"], final=False)
    except (Error, ValueError, KeyError) as error:
        raise StartError(f"{shown}: {_EXPECTED[option.type]}, not {text!r}") from error
