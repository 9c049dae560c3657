"""Flask's own session, as in its quickstart: the session is a signed cookie."""

import os
from datetime import timedelta

from flask import Flask, redirect, request, session

IDLE_TIMEOUT = int(os.environ.get("IDLE_TIMEOUT", "1800"))

app = Flask(__name__)
app.secret_key = "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"
app.permanent_session_lifetime = timedelta(seconds=IDLE_TIMEOUT)
people: dict[str, str] = {}


@app.post("/register")
def register():
    people[request.json["username"]] = request.json["password"]
    return "", 201


@app.post("/login")
def login():
    if people.get(request.json["username"]) != request.json["password"]:
        return "", 401
    session.permanent = True
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
