"""Session handling of anyone's application: ``python -m compare check FILE.toml``.

command.py            the command
description.py        what an application's file may say, and reading it
example.toml          a file to start from, explained line by line
address.py            whose address it is
placeholders.py       the ``{names}`` in its texts
described_target.py   an application that is described: started or there, with its store
described_visitor.py  a person in front of it, who knows it from its file
passwords.py          an account's password, changed and given back
trial.py              trying it out first, then every experiment that it allows
table.py              the verdicts as a person reads them, and as JSON
pytest_plugin.py      the same for an `Application`, in its own tests
side_by_side.py       those of several applications in one table, one page
"""
