// cookie-session, as in its README: what is assigned to req.session is the cookie, null ends it.
const cookieSession = require("cookie-session");
const express = require("express");

const app = express();
const people = new Map();

app.use(cookieSession({ name: "session", keys: ["key1", "key2"], maxAge: 1000 * (process.env.IDLE_TIMEOUT ?? 1800) }));
app.use(express.json());

app.post("/register", (req, res) => {
  people.set(req.body.username, req.body.password);
  res.status(201).end();
});

app.post("/login", (req, res) => {
  if (people.get(req.body.username) !== req.body.password) return res.status(401).end();
  req.session.user = req.body.username;
  res.redirect("/me");
});

app.post("/logout", (req, res) => {
  req.session = null;
  res.redirect("/me");
});

app.get("/me", (req, res) => {
  if (!req.session.user) return res.status(401).end();
  res.json({ username: req.session.user });
});

app.post("/password", (req, res) => {
  if (people.get(req.session.user) !== req.body.current) return res.status(401).end();
  people.set(req.session.user, req.body.new);
  res.status(204).end();
});

app.post("/notes", (req, res) => {
  req.session.notes = { ...req.session.notes, [req.body.name]: req.body.text };
  res.json(req.session.notes);
});

app.get("/notes", (req, res) => {
  res.json(req.session.notes ?? {});
});

app.listen(process.env.PORT, "127.0.0.1");
