"""The side-by-side demo: one page, two applications, and what happens to a visitor's own state.

__main__.py   the command: ``python -m compare.demo``
booths.py     a visitor's own pair of applications; who has which
booth.py      one of them: applications, memcached, what the browser holds, what has been tried
people.py     who has an account in a shop, as far as it passed
troubles.py   what can go wrong with a visitor's applications, in plain sentences
pane.py       the recording layer in front of an application
wire.py       what passed: exchanges, and cookies taken apart
store_view.py what is in memcached
lab.py        experiments on a visitor's own live state
others.py     end all my other sessions
actions.py    what a visitor can do, in the order of the page
doing.py      doing it on both sides
matrix.py     what belongs where, filled in by what was tried
handler.py    what every answer of the page has in common
pages.py      the page
events.py     what the page is told
asked.py      what the page may ask for
"""
