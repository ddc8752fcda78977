// The tests of the shop in Express by Jest: npx jest.
// set-up
const { once } = require("node:events");
const { startSandbox } = require("../../helpers/node");
const { makeShop } = require("../express/shop.js");
let sandbox, bakong, server, shop;
beforeAll(async () => { sandbox = await startSandbox(); });
afterAll(() => sandbox.stop());
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
  expect(await shop(`/orders/${made.number}`)).toEqual({ state: "open" });
  await bakong.pay(made.qr);
  expect(await shop(`/orders/${made.number}`)).toEqual({ state: "paid" });
});

test("a Bakong that hangs loses no payment", async () => {
  await bakong.use("timeout");
  await bakong.speed(600);
  const made = await shop("/orders", "POST");
  await bakong.pay(made.qr);
  const states = [];
  for (let ask = 0; ask < 3; ask++) states.push((await shop(`/orders/${made.number}`)).state);
  expect(states).toEqual(["unknown", "unknown", "paid"]);
  const waits = await bakong.waits();
  expect(waits.map((wait) => wait.scripted)).toEqual([60, 60, 0]);
  expect(waits[0].real + waits[1].real).toBeLessThan(1);
});

test("a payment that fails is told", async () => {
  const made = await shop("/orders", "POST");
  await bakong.pay(made.qr, { outcome: "failed" });
  expect(await shop(`/orders/${made.number}`)).toEqual({ state: "failed" });
});
