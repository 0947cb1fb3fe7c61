// A webhook receiver as the REM guide builds it: Express parses the body, the
// handler writes it out again with JSON.stringify and compares the HMAC of
// that with the header. Prints its address, then a line for each request.
"use strict";
const crypto = require("crypto");
const express = require(process.env.EXPRESS);

function verify(body, signature, secret) {
  const expected = crypto.createHmac("sha256", secret).update(JSON.stringify(body)).digest("hex");
  return crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
}

const app = express();
app.post("/hook", express.json(), (req, res) => {
  const ok = verify(req.body, req.headers["x-rem-signature"], process.env.SECRET);
  const status = ok ? 200 : 401;
  console.log(JSON.stringify({ status, id: req.body.id, event: req.body.event, memory: req.body.data.memory_id }));
  res.sendStatus(status);
});
// What Express itself refuses (a body above its limit, one that is no JSON).
app.use((err, req, res, next) => {
  console.log(JSON.stringify({ status: err.status || 500, error: err.message }));
  res.sendStatus(err.status || 500);
});
const server = app.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port));
