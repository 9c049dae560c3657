"""Flask-Session on memcached, as in its configuration guide; the rest as in Flask's quickstart."""

import os
from datetime import timedelta

from flask import Flask, redirect, request, session
from flask_session import Session
from pymemcache import PooledClient

IDLE_TIMEOUT = int(os.environ.get("IDLE_TIMEOUT", "1800"))

app = Flask(__name__)
app.config["SESSION_TYPE"] = "memcached"
# Its writes are not waited for: with Nagle's delay they came up to 40 ms after a later read.
app.config["SESSION_MEMCACHED"] = PooledClient(os.environ["MEMCACHED"], no_delay=True)
app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(seconds=IDLE_TIMEOUT)
Session(app)
people: dict[str, str] = {}


@app.post("/register")
def register():
    people[request.json["username"]] = request.json["password"]
    return "", 201


@app.post("/login")
def login():
    if people.get(request.json["username"]) != request.json["password"]:
        return "", 401
    session["username"] = request.json["username"]
    return redirect("/me")


@app.post("/logout")
def logout():
    session.pop("username", None)
    return redirect("/me")


@app.get("/me")
def me():
    if "username" not in session:
        return "", 401
    return {"username": session["username"]}


@app.post("/password")
def password():
    if people.get(session.get("username")) != request.json["current"]:
        return "", 401
    people[session["username"]] = request.json["new"]
    return "", 204


@app.post("/notes")
def write():
    body = request.json
    session["notes"] = session.get("notes", {}) | {body["name"]: body["text"]}
    return session["notes"]


@app.get("/notes")
def read():
    return session.get("notes", {})


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
