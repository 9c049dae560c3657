"""Session handling of anyone's application: ``session-check``, or ``python -m compare check``.

By itself, with ``compare/pyproject.toml``, it is the distribution session-check.

__main__.py           where it begins
main.py               the command, and its parts ``record`` and ``doctor``
command.py            the check: options, exit statuses
description.py        reading an application's file
tables.py  shape.py   what it may say; the one shape of a request
mistakes.py           what is wrong with one that can be read
example.toml          a file to start from, explained line by line
placeholders.py       the ``{names}`` in its texts
explain.py            what each experiment takes, and what a file lacks for it
record.py             a file made of a recording:
har.py  recorded.py     reading it; what it tells
doctor.py             each request tried once
address.py            whose address it is
described_target.py   an application that is described, with its store, people and limits
started.py            its process
pace.py               how fast requests follow each other
described_visitor.py  a person in front of it, who knows it from its file:
requests_of.py  sending.py  taking.py
                        their requests; one as it is sent; values out of answers
in_address.py           whose page it is, where an address says it
writing.py  answers.py  what they write; what an answer means
passwords.py          an account's password, changed and given back
first_look.py         using it once as its file says: the controls before any verdict
lab.py                what an experiment is given
trial.py              every experiment that the file allows
reports.py            the files of a run, written anew after each verdict:
as_json.py  as_sarif.py  as_junit.py
table.py              the verdicts as a person reads them
side_by_side.py       those of several applications in one table, one page
pytest_plugin.py      the fixture for an application's own tests; in_tests.py is what it does
"""
