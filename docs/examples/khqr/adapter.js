// NBC's own SDK (npm bakong-khqr) behind the line protocol of `bakong-sandbox verify khqr`. It stamps codes with its own clock.
const { BakongKHQR, IndividualInfo, MerchantInfo } = require("bakong-khqr");
const lines = require("readline").createInterface({ input: process.stdin });

function encode({ kind, bakongAccountID, merchantName, merchantCity, merchantID, acquiringBank, ...optional }) {
  const made = kind === "merchant"
    ? new BakongKHQR().generateMerchant(
        new MerchantInfo(bakongAccountID, merchantName, merchantCity, merchantID, acquiringBank, optional))
    : new BakongKHQR().generateIndividual(
        new IndividualInfo(bakongAccountID, merchantName, merchantCity, { acquiringBank, ...optional }));
  if (made.status.code !== 0) return { ok: false, error: made.status.message };
  return { ok: true, qr: String(made.data.qr), md5: made.data.md5 };
}

lines.on("line", (line) => {
  const ask = JSON.parse(line);
  let answer = { unsupported: true };
  try {
    if (ask.op === "hello") answer = { ok: true, clock: "own" };
    if (ask.op === "encode") answer = encode(ask.payload);
    if (ask.op === "verify") answer = { ok: true, valid: BakongKHQR.verify(ask.qr).isValid };
  } catch (error) {
    answer = { ok: false, error: String(error) };
  }
  console.log(JSON.stringify(answer));
});
