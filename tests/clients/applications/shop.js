// A shop in Express: an order makes a code by NBC's own package, and one timer asks Bakong about all that are open.
const axios = require("axios");
const express = require("express");
const { BakongKHQR, IndividualInfo, khqrData } = require("bakong-khqr");

const { BAKONG_URL, BAKONG_TOKEN, EXPIRES_MS } = process.env;
const api = axios.create({ baseURL: BAKONG_URL, timeout: 12_000, proxy: false, headers: { Authorization: `Bearer ${BAKONG_TOKEN}` } });
const products = { tea: { price: 0.75, stock: 2 }, coffee: { price: 1.5, stock: 1 } };
const orders = [];

const app = express().use(express.json());

app.post("/api/orders", async (req, res) => {
  const product = products[req.body.product];
  if (!product) return res.status(404).json({ error: "no such product" });
  if (product.stock === 0) return res.status(409).json({ error: "sold out" });
  product.stock -= 1;
  const made = new BakongKHQR().generateIndividual(new IndividualInfo("sokha@devb", "Sokha", "Phnom Penh", {
    currency: khqrData.currency.usd, amount: product.price, billNumber: `SO-${orders.length + 1}`, expirationTimestamp: Number(EXPIRES_MS),
  }));
  const { qr, md5 } = made.data;
  const { data } = await api.post("/v1/generate_deeplink_by_qr", { qr });
  const order = { id: orders.length + 1, product: req.body.product, md5, qr, deeplink: data.data?.shortLink ?? null, status: "pending" };
  orders.push(order);
  res.status(201).json(order);
});

app.get("/api/orders/:id", (req, res) => {
  const order = orders[Number(req.params.id) - 1];
  order ? res.json({ status: order.status, paidBy: order.paidBy ?? null }) : res.status(404).json({ error: "no such order" });
});

app.get("/api/stock", (req, res) => res.json(Object.fromEntries(Object.entries(products).map(([name, { stock }]) => [name, stock]))));

let asking = false;
async function poll() {
  if (asking) return;
  asking = true;
  for (const order of orders.filter(({ status }) => status === "pending")) {
    try {
      const { data } = await api.post("/v1/check_transaction_by_md5", { md5: order.md5 });
      if (data.responseCode === 0 && data.data.amount === products[order.product].price)
        Object.assign(order, { status: "paid", paidBy: data.data.fromAccountId });
      else if (data.errorCode === 3) { order.status = "failed"; products[order.product].stock += 1; }
    } catch (error) { console.error("bakong:", error.message); } // 401, 403, 503 or silence: it may be paid, ask again
  }
  asking = false;
}
setInterval(poll, 100);
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
