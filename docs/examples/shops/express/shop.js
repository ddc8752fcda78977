// A shop in Express that sells a coffee for KHQR. In production bakongUrl is https://api-bakong.nbc.gov.kh.
const express = require("express");
const { BakongKHQR, IndividualInfo, khqrData } = require("bakong-khqr");

const FAILED = 3; // Bakong's errorCode of a payment that failed; 1 is one that nobody has made yet

function makeShop({ bakongUrl, token, timeoutMs = 1000 * (process.env.BAKONG_TIMEOUT_S ?? 10) }) {
  const app = express();
  const orders = new Map();

  app.post("/orders", (request, response) => {
    const number = orders.size + 1;
    const made = new BakongKHQR().generateIndividual(
      new IndividualInfo("shop@devb", "Coffee", "Phnom Penh", {
        currency: khqrData.currency.usd, amount: 1.5, billNumber: `A-${number}`, expirationTimestamp: 4_000_000_000_000,
      }));
    orders.set(number, made.data);
    response.status(201).json({ number, qr: String(made.data.qr) });
  });

  app.get("/orders/:number", async (request, response) => {
    const { md5 } = orders.get(Number(request.params.number));
    let answer;
    try {
      const asked = await fetch(`${bakongUrl}/v1/check_transaction_by_md5`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ md5 }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      answer = await asked.json();
    } catch {
      return response.status(503).json({ state: "unknown" }); // it may be paid: ask again
    }
    if (answer.responseCode === 0 && answer.data.amount === 1.5) return response.json({ state: "paid" });
    return response.json({ state: answer.errorCode === FAILED ? "failed" : "open" });
  });

  return app;
}

module.exports = { makeShop };
