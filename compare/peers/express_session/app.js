// express-session with connect-memcached. Signing in and out are as in "User login" of
// express-session's README, the store as in connect-memcached's.
const express = require("express");
const session = require("express-session");
const MemcachedStore = require("connect-memcached")(session);

const app = express();
const people = new Map();

app.use(session({
  secret: "keyboard cat",
  resave: false,
  saveUninitialized: true,
  cookie: { maxAge: 1000 * (process.env.IDLE_TIMEOUT ?? 1800) },
  store: new MemcachedStore({ hosts: [process.env.MEMCACHED], secret: "123, easy as ABC. ABC, easy as 123" }),
}));
app.use(express.json());

app.post("/register", (req, res) => {
  people.set(req.body.username, req.body.password);
  res.status(201).end();
});

app.post("/login", (req, res, next) => {
  if (people.get(req.body.username) !== req.body.password) return res.status(401).end();
  req.session.regenerate((err) => {
    if (err) return next(err);
    req.session.user = req.body.username;
    req.session.save((err) => (err ? next(err) : res.redirect("/me")));
  });
});

app.post("/logout", (req, res, next) => {
  req.session.user = null;
  req.session.save((err) => {
    if (err) return next(err);
    req.session.regenerate((err) => (err ? next(err) : res.redirect("/me")));
  });
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
