"""This project's session layer beside its peers under load: ``python -m compare.bench``.

contenders.toml       who is measured, and contenders.py reads it
apps/                 a small application each, and the versions of what they are made of
cart.py               what every one of them keeps
served.py             one of them as a process, with its store
visitors.py           who has a cart there, and the proof that it keeps them
store_weight.py       what a store has taken for it
asking.py             one load
measuring.py          rounds in turn
results.py            what was measured, overheads and ratios
growing.py            how cost grows with sessions, state, processes and nodes
grown.py              that as curves and sentences
words.py              what the reports call things
terminal.py           a table
as_json.py            ``bench.json``; its schema is ``bench.schema.json``
page.py               ``bench.html``, one page that needs nothing else
charts.py             its charts
picture.py            ``overhead.svg``, for the README
__main__.py           the command
"""
