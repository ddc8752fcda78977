// npm bakong-khqr, unmodified, asked over lines of JSON: {op, kind, fields, qr, now, limit} in, one line out.
// A call that does not return within `limit` milliseconds is stopped by V8 and answered {"hang": true}.
const vm = require("vm");
const readline = require("readline");
const { BakongKHQR, IndividualInfo, MerchantInfo } = require("bakong-khqr");

const clock = { now: 0 };
Date.now = () => clock.now;

// What JSON cannot say comes as {"$number": "NaN"}.
const revive = (_, value) => (value && value.$number !== undefined ? Number(value.$number) : value);

function generate({ kind, fields }) {
  const { bakongAccountID, merchantName, merchantCity, merchantID, acquiringBank, ...optional } = fields;
  if (kind === "merchant") {
    const info = new MerchantInfo(bakongAccountID, merchantName, merchantCity, merchantID, acquiringBank, optional);
    return new BakongKHQR().generateMerchant(info);
  }
  return new BakongKHQR().generateIndividual(new IndividualInfo(bakongAccountID, merchantName, merchantCity, { acquiringBank, ...optional }));
}

const operations = {
  generate,
  decode: ({ qr }) => BakongKHQR.decode(qr),
  verify: ({ qr }) => BakongKHQR.verify(qr),
  decodeNonKhqr: ({ qr }) => BakongKHQR.decodeNonKhqr(qr),
};

const script = new vm.Script("globalThis.answer = globalThis.job()");

function ask(request) {
  clock.now = request.now;
  globalThis.job = () => operations[request.op](request);
  try {
    script.runInThisContext({ timeout: request.limit });
  } catch (error) {
    if (error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return { hang: true };
    return { thrown: String(error) };
  }
  const made = globalThis.answer;
  if (made.data && made.data.qr instanceof Error) return { defect: String(made.data.qr) };
  return { answer: made };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(ask(JSON.parse(line, revive))) + "\n");
});
