// express-session with connect-memcached, as their READMEs have it.
const express = require("express");
const session = require("express-session");
const MemcachedStore = require("connect-memcached")(session);

const app = express();
app.use(session({
  secret: "keyboard cat",
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 1800000 },
  store: new MemcachedStore({ hosts: [process.env.STORE] }),
}));

app.post("/in", (req, res, next) => {
  req.session.user = "ann";
  req.session.cart = ["tea"];
  req.session.save((err) => (err ? next(err) : res.end("in")));
});

app.listen(process.env.PORT, "127.0.0.1");
