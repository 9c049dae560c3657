// PouchDB Server with one administrator, everything in memory: node app.js FOLDER PORT
const fs = require("fs");
const path = require("path");

const program = require.resolve("pouchdb-server/bin/pouchdb-server");
const [folder, port] = process.argv.slice(2);
const config = path.join(folder, "config.json");
fs.writeFileSync(config, JSON.stringify({ admins: { ann: "violet-otter-91" } }));
process.chdir(folder);
process.argv.splice(2, 2, "--in-memory", "--host", "127.0.0.1", "--port", port, "--config", config);
require(program);
