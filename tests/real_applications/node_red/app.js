// Node-RED with one administrator, as its guide on security sets it up: node app.js FOLDER PORT
const http = require("http");
const express = require("express");
const RED = require("node-red");
const bcrypt = require("bcryptjs");

const [folder, port] = process.argv.slice(2);
const app = express();
const server = http.createServer(app);
RED.init(server, {
  httpAdminRoot: "/",
  httpNodeRoot: "/api",
  userDir: folder,
  logging: { console: { level: "error" } },
  adminAuth: {
    type: "credentials",
    sessionExpiryTime: Number(process.env.ABSOLUTE ?? 604800),
    users: [{ username: "ann", password: bcrypt.hashSync("violet-otter-91", 8), permissions: "*" }],
  },
});
app.use("/", RED.httpAdmin);
RED.start().then(() => server.listen(Number(port), "127.0.0.1"));
