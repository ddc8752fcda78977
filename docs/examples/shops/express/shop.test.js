// The tests of the shop, by Node's own runner: node --test. In Vitest and Jest the same, with their test and expect.
// set-up
const assert = require("node:assert");
const { once } = require("node:events");
const { test, before, after, afterEach, beforeEach } = require("node:test");
const { startSandbox } = require("../../helpers/node");
const { makeShop } = require("./shop.js");
let sandbox, bakong, server, shop;
before(async () => { sandbox = await startSandbox(); });
after(() => sandbox.stop());
beforeEach(async () => {
  bakong = await sandbox.world();
  server = makeShop({ bakongUrl: bakong.baseUrl, token: bakong.token }).listen(0);
  await once(server, "listening");
  shop = async (path, method = "GET") => (await fetch(`http://127.0.0.1:${server.address().port}${path}`, { method })).json();
});
afterEach(() => server.close());
// tests

test("a coffee is paid", async () => {
  const made = await shop("/orders", "POST");
  assert.deepEqual(await shop(`/orders/${made.number}`), { state: "open" });
  await bakong.pay(made.qr);
  assert.deepEqual(await shop(`/orders/${made.number}`), { state: "paid" });
});

test("a Bakong that hangs loses no payment", async () => {
  await bakong.use("timeout");
  await bakong.speed(600);
  const made = await shop("/orders", "POST");
  await bakong.pay(made.qr);
  const states = [];
  for (let ask = 0; ask < 3; ask++) states.push((await shop(`/orders/${made.number}`)).state);
  assert.deepEqual(states, ["unknown", "unknown", "paid"]);
  const waits = await bakong.waits();
  assert.deepEqual(waits.map((wait) => wait.scripted), [60, 60, 0]);
  assert.ok(waits[0].real + waits[1].real < 1);
});

test("a payment that fails is told", async () => {
  const made = await shop("/orders", "POST");
  await bakong.pay(made.qr, { outcome: "failed" });
  assert.deepEqual(await shop(`/orders/${made.number}`), { state: "failed" });
});
