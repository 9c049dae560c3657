// Express: alone, with express-session on memcached or Redis as in its and the stores' README, or
// with cookie-session. Nothing is set that a README does not set.
const express = require("express");

const SECRET = "a secret of the measurement, 32 bytes or more";
const { STORE, PORT, CART } = process.env;

async function sessions() {
  if (STORE === "cookie") {
    return require("cookie-session")({ name: "session", keys: [SECRET] });
  }
  const session = require("express-session");
  const options = { secret: SECRET, resave: false, saveUninitialized: false };
  return session({ ...options, cookie: { maxAge: 1800 * 1000 }, store: await store(session) });
}

async function store(session) {
  const { protocol, host } = new URL(STORE);
  if (protocol === "redis:") {
    const { RedisStore } = require("connect-redis");
    const client = require("redis").createClient({ url: STORE });
    await client.connect();
    return new RedisStore({ client });
  }
  const MemcachedStore = require("connect-memcached")(session);
  return new MemcachedStore({ hosts: [host] });
}

async function main() {
  const app = express();
  const bare = JSON.parse(CART);
  app.get("/bare", (req, res) => res.json(bare));
  if (STORE) app.use(await sessions());
  app.put("/cart", express.json(), (req, res) => {
    req.session.cart = req.body;
    res.json(req.session.cart);
  });
  app.get("/cart", (req, res) => {
    if (!req.session.cart) return res.status(404).end();
    res.json(req.session.cart);
  });
  app.post("/cart", (req, res) => {
    if (!req.session.cart) return res.status(404).end();
    const line = req.session.cart.items[0];
    line.quantity = (line.quantity % 9) + 1;
    res.json(req.session.cart);
  });
  app.listen(PORT, "127.0.0.1");
}

main();
