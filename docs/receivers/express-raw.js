// A receiver for hooks of every dialect, in Express. It verifies the bytes as
// they came, with the Standard Webhooks library, and answers 200 only for what
// it has done.
//
//   npm install express standardwebhooks
//   SECRET=whsec_... PORT=9000 node express-raw.js
//
// SECRET is the hook's, as its creation showed it once. The hook's URL is
// http://127.0.0.1:9000/hook, behind a server of yours https://…/hook.
"use strict";
const crypto = require("node:crypto");
const express = require("express");
const { Webhook } = require("standardwebhooks");

const secret = process.env.SECRET;
// Made by memhooks, a secret is whsec_ and Base64; one of your own is taken as it is.
const webhook = secret.startsWith("whsec_") ? new Webhook(secret) : new Webhook(Buffer.from(secret), { format: "raw" });

// The product's own header signs the body alone, under the whole secret as it
// is written. Verify it where no library is at hand; it says nothing of id and time.
function verifyProduct(body, signature) {
  const expected = crypto.createHmac("sha256", secret).update(body).digest();
  const given = Buffer.from(signature, "hex");
  if (given.length !== expected.length || !crypto.timingSafeEqual(given, expected)) {
    throw new Error("the product's signature does not match");
  }
}

// Ids of events that are done. In earnest: a table with the id as its key,
// written in the transaction of what the event makes you do.
const done = new Set();

const app = express();
app.post("/hook", express.raw({ type: "application/json", limit: "200kb" }), (req, res) => {
  let event;
  try {
    event = webhook.verify(req.body, req.headers); // body, id and time; older than five minutes is refused
    const signature = req.get("x-areev-signature") ?? req.get("x-rem-signature");
    if (signature) verifyProduct(req.body, signature);
  } catch (error) {
    console.log("refused:", error.message);
    return res.sendStatus(401);
  }
  const id = req.get("webhook-id");
  if (done.has(id)) {
    console.log("again", id);
    return res.sendStatus(200);
  }
  console.log("new", id, event.event_type ?? event.event ?? event.type); // here is your work
  done.add(id);
  res.sendStatus(200);
});

const server = app.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () => {
  console.log("listening on http://127.0.0.1:" + server.address().port);
});
