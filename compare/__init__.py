"""What holds of the two applications, found out over HTTP, and what that says about placement.

__main__.py           the command: ``python -m compare``
run.py                a run: experiments on the applications, and the verdict
experiments/          one file each; the registry in its __init__.py is the table of contents
experiment.py         what an experiment is, what it is given and how it is carried out
findings.py           the only data that crosses modules
demands.py            the clauses that kept and broken are about
carriers.py           what a sign-in rests on
verdict.py            findings -> measured capabilities -> what belongs where
shop_visitor.py       a person using the shop: what experiments know of a target
activity.py           one of them who is active all the time
browser.py            an HTTP client with a cookie jar that keeps every exchange
jar.py                what such a jar keeps and sends
request.py            one request and its answer, on the wire
harmless.py           foreign text made harmless before it is shown
decoding.py           what anybody can read out of a cookie
targets.py            the applications as processes, each with a memcached of its own
app_process.py        one application as a process
store_process.py      one store as a process, to be frozen, killed and looked into:
memcached_process.py  redis_process.py
processes.py          starting processes that end with this one
waiting.py            waiting for what must become true
load.py               wrk, and what it costs the application
machine.py            what the figures were measured on
reports/              terminal, JSON, HTML
demo/                 both applications side by side: ``python -m compare.demo``
check/                the same experiments on anyone's application: ``python -m compare check``
peers/                the session layers people use, each in a small application
bench/                the same under load: ``python -m compare.bench``
"""
