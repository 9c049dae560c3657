"""A run as people and programs read it.

terminal.py         progress, and a table
as_json.py          ``report.json``; its schema is ``report.schema.json``
page.py             ``report.html``, one page that needs nothing else
charts.py           its charts
telling.py          an exchange as HTML
words.py            what the reports call things
"""
