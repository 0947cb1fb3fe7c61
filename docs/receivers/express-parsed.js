// A receiver for hooks of the rem dialect, in Express, for code that has parsed
// the body before it can verify it: the signature is that of JSON.stringify of
// what was parsed. memhooks sends only bodies that JavaScript writes again in
// the same bytes, so this holds here; elsewhere verify the raw bytes.
//
//   npm install express
//   SECRET=... PORT=9000 node express-parsed.js
//
// The webhook's URL is http://127.0.0.1:9000/webhooks/remlabs.
"use strict";
const crypto = require("node:crypto");
const express = require("express");

const secret = process.env.SECRET;

function verified(body, signature) {
  const expected = crypto.createHmac("sha256", secret).update(JSON.stringify(body)).digest();
  const given = Buffer.from(signature ?? "", "hex");
  return given.length === expected.length && crypto.timingSafeEqual(given, expected);
}

const memories = new Map(); // your copy of what was remembered
const done = new Set(); // ids of events; in earnest a table, as in express-raw.js

function apply({ event, data }) {
  switch (event) {
    case "memory.created":
    case "memory.updated":
      // Forgotten or erased before this was sent: the event tells it, its content is withheld.
      if (data.redacted) memories.delete(data.memory_id);
      else memories.set(data.memory_id, data.content);
      break;
    case "memory.deleted":
      memories.delete(data.memory_id);
      break;
  }
}

const app = express();
app.post("/webhooks/remlabs", express.json({ limit: "200kb" }), (req, res) => {
  if (!verified(req.body, req.get("x-rem-signature"))) {
    console.log("refused: the signature does not match");
    return res.sendStatus(401);
  }
  const { id, event } = req.body; // the id in the body: it is signed, the header webhook-id is not
  if (done.has(id)) {
    console.log("again", id);
    return res.sendStatus(200);
  }
  apply(req.body);
  done.add(id);
  console.log("new", id, event, "holds", memories.size);
  res.sendStatus(200);
});

const server = app.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () => {
  console.log("listening on http://127.0.0.1:" + server.address().port);
});
