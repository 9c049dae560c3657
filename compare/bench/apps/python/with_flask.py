"""Flask under gunicorn: alone, or with Flask-Session, as in its configuration guide."""

import json
import os
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, request, session
from flask_session import Session
from pymemcache import PooledClient

BARE = json.loads(os.environ["CART"])
STORE = os.environ["STORE"]

app = Flask(__name__)
if STORE:
    app.config["SESSION_TYPE"] = "memcached"
    # Flask-Session's writes are not answered, so without it the lookup after one waits for 40 ms.
    app.config["SESSION_MEMCACHED"] = PooledClient(urlsplit(STORE).netloc, no_delay=True)
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(seconds=1800)
    Session(app)


@app.get("/bare")
def bare():
    return BARE


@app.put("/cart")
def begin():
    session["cart"] = request.json
    return session["cart"]


@app.get("/cart")
def read():
    return session.get("cart") or ("", 404)


@app.post("/cart")
def write():
    if "cart" not in session:
        return "", 404
    cart = session["cart"]
    line = cart["items"][0]
    line["quantity"] = line["quantity"] % 9 + 1
    session["cart"] = cart
    return cart
