"""The side-by-side demo: one page, two applications, and what happens to a visitor's own state.

__main__.py   the command: ``python -m compare.demo``
booths.py     a visitor's own pair of applications; who has which
booth.py      one of them: applications, memcached, what the browser holds, what has been tried
pane.py       the recording layer in front of an application
wire.py       what passed: exchanges, and cookies taken apart
store_view.py what is in memcached
lab.py        experiments on a visitor's own live state
actions.py    what a visitor can do, in the order of the page
matrix.py     what belongs where, filled in by what was tried
pages.py      the page, its events, and what it may ask for
"""
