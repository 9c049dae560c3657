"""The side-by-side demo: one page, two applications, and what happens to a visitor's own state.

__main__.py   the command: ``python -m compare.demo``
booths.py     a visitor's own pair of applications; who has which
booth.py      one of them: applications, memcached, what has been tried and told
side.py       one application of it: what the browser holds, and whose other browser looks at it
people.py     who has an account in a shop, as far as it passed
troubles.py   what can go wrong with a visitor's applications, in plain sentences
pane.py       the recording layer in front of an application
guest_pane.py the same in front of a thief
wire.py       what passed: exchanges, and cookies taken apart
lanes.py      an exchange as a picture shows it
store_view.py what is in memcached
tour/         six questions, and something of one's own: the way in
scene.py      the stage of a step of the tour
reading.py    a cookie as whoever gets hold of it reads it
lab.py        experiments on a visitor's own live state
live.py       what is tried on it besides the experiments
actions.py    what a visitor can do, in the order of the page
doing.py      doing it on both sides
matrix.py     what belongs where, filled in by what was tried
placing.py    where something of one's own belongs
handler.py    what every answer of the page has in common
pages.py      the page
telling.py    what the page is made of, and the same page without a server
record.py     the whole tour as one file
events.py     what the page is told
asked.py      what the page may ask for
"""
