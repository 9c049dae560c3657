// Fastify: alone, or with @fastify/session on Redis through connect-redis, as in its README.
const fastify = require("fastify");

const SECRET = "a secret of the measurement, 32 bytes or more";
const { STORE, PORT, CART } = process.env;

async function addSessions(app) {
  const { RedisStore } = require("connect-redis");
  const client = require("redis").createClient({ url: STORE });
  await client.connect();
  app.register(require("@fastify/cookie"));
  app.register(require("@fastify/session"), {
    secret: SECRET,
    saveUninitialized: false,
    cookie: { secure: false, maxAge: 1800 * 1000 },
    store: new RedisStore({ client }),
  });
}

async function main() {
  const app = fastify();
  const bare = JSON.parse(CART);
  if (STORE) await addSessions(app);
  app.get("/bare", async () => bare);
  app.put("/cart", async (request) => {
    request.session.cart = request.body;
    return request.session.cart;
  });
  app.get("/cart", async (request, reply) => {
    if (!request.session.cart) return reply.code(404).send();
    return request.session.cart;
  });
  app.post("/cart", async (request, reply) => {
    if (!request.session.cart) return reply.code(404).send();
    const line = request.session.cart.items[0];
    line.quantity = (line.quantity % 9) + 1;
    return request.session.cart;
  });
  await app.listen({ port: Number(PORT), host: "127.0.0.1" });
}

main();
