// A minimal payment service: Node's standard library and fetch, nothing else. It sells one plan for 30 days.
// It asks Bakong when it is asked itself, and when its time is set (POST /test/time, for tests alone).
const http = require("node:http");
const { createHash, createHmac, timingSafeEqual } = require("node:crypto");

const { PORT, BAKONG_URL, BAKONG_TOKEN, API_KEY, WEBHOOK_SECRET, WEBHOOK_URL, MERCHANT } = process.env;
const PRICES = { USD: "0.50", KHR: "2000" };
const LIFE_MS = 15 * 60_000;
const CYCLE_MS = 30 * 86_400_000;
const RETRIES_S = [5, 300, 1800, 7200];
const payments = new Map(), subscriptions = new Map(), outbox = [], admitted = [];
let testTime = null, count = 0, quietUntil = 0;
const now = () => testTime ?? Date.now();

// KHQR: tags in NBC's order, lengths in characters, CRC-16/CCITT-FALSE over the UTF-8 bytes.
const tlv = (tag, value) => tag + String(value.length).padStart(2, "0") + value;
function crc16(text) {
  let crc = 0xffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc.toString(16).toUpperCase().padStart(4, "0");
}
function khqr(currency, bill, at) {
  const amount = PRICES[currency];
  const stamp = tlv("00", String(at)) + tlv("01", String(at + LIFE_MS));
  const text = tlv("00", "01") + tlv("01", "12") + tlv("29", tlv("00", MERCHANT)) + tlv("52", "5999")
    + tlv("53", currency === "USD" ? "840" : "116") + tlv("54", amount) + tlv("58", "KH") + tlv("59", "Node Shop")
    + tlv("60", "Phnom Penh") + tlv("62", tlv("01", bill)) + tlv("99", stamp) + "6304";
  return text + crc16(text);
}

class Problem extends Error {
  constructor(status, message, headers = {}) { super(message); Object.assign(this, { status, headers }); }
}

function create({ user, currency, amount }) {
  if (typeof user !== "string" || !/^[\x21-\x7e]{1,64}$/.test(user)) throw new Problem(422, "user");
  if (typeof currency !== "string" || !Object.hasOwn(PRICES, currency)) throw new Problem(422, "currency");
  if (typeof amount !== "number" || amount !== Number(PRICES[currency])) throw new Problem(422, "amount");
  const at = now(), qr = khqr(currency, `N-${++count}`, at);
  const md5 = createHash("md5").update(qr).digest("hex");
  const payment = { md5, qr, user, currency, state: "open", expiresAt: new Date(at + LIFE_MS).toISOString(), ends: at + LIFE_MS };
  payments.set(md5, payment);
  return payment;
}

// Midnight in Phnom Penh, when the day's calls begin anew.
const tomorrow = (at) => (Math.floor((at + 7 * 3_600_000) / 86_400_000) + 1) * 86_400_000 - 7 * 3_600_000;

// What Bakong says; null where it says nothing that can be believed, or has said that the day's calls are spent.
async function ask(md5) {
  if (now() < quietUntil) return null;
  try {
    const response = await fetch(`${BAKONG_URL}/v1/check_transaction_by_md5`, {
      method: "POST", body: JSON.stringify({ md5 }), signal: AbortSignal.timeout(5000),
      headers: { "content-type": "application/json", authorization: `Bearer ${BAKONG_TOKEN}` },
    });
    const answer = await response.json();
    if (answer?.errorCode === 17) { quietUntil = tomorrow(now()); return null; }
    return response.status === 200 && [0, 1].includes(answer?.responseCode) ? answer : null;
  } catch { return null; }
}

async function refresh(payment) {
  if (payment.state === "paid") return;
  const answer = await ask(payment.md5);
  if (answer === null || payment.state === "paid") return;       // another poll may have been quicker
  const { errorCode, data } = answer;
  if (errorCode === null && data?.amount === Number(PRICES[payment.currency])
      && data.currency === payment.currency && data.toAccountId === MERCHANT) {
    payment.state = "paid";
    const running = subscriptions.get(payment.user) ?? 0;
    subscriptions.set(payment.user, Math.max(running, now()) + CYCLE_MS);
    tell("payment.paid", payment);
  } else if (errorCode === 3 && payment.state === "open") {
    payment.state = "failed";
  } else if (errorCode === 1 && now() >= payment.ends && payment.state === "open") {
    payment.state = "expired";
    tell("payment.expired", payment);
  }
}

function tell(type, { md5, user }) {
  const body = JSON.stringify({ type, timestamp: new Date(now()).toISOString(), data: { md5, user } });
  outbox.push({ id: `msg_${++count}`, body, due: now(), tries: 0 });
}

// Standard Webhooks: HMAC-SHA256 over id.timestamp.body, the same id on every try.
async function deliver() {
  const key = Buffer.from(WEBHOOK_SECRET.slice("whsec_".length), "base64");
  for (const message of outbox.filter(({ due }) => due !== null && due <= now())) {
    message.due = null;
    const stamp = Math.floor(now() / 1000);
    const signature = createHmac("sha256", key).update(`${message.id}.${stamp}.${message.body}`).digest("base64");
    const headers = { "content-type": "application/json", "webhook-id": message.id,
      "webhook-timestamp": String(stamp), "webhook-signature": `v1,${signature}` };
    const good = await fetch(WEBHOOK_URL, { method: "POST", body: message.body, headers, redirect: "manual",
      signal: AbortSignal.timeout(5000) })
      .then(({ status }) => status >= 200 && status < 300, () => false);
    if (!good && message.tries < RETRIES_S.length) message.due = now() + RETRIES_S[message.tries++] * 1000;
  }
}

async function work() {
  for (const payment of payments.values())
    if (payment.state !== "paid" && (payment.state === "open" || now() < payment.ends + 86_400_000)) await refresh(payment);
  await deliver();
}

// 100 a minute: a sliding log. No await between looking and counting.
function limit() {
  while (admitted.length && admitted[0] <= now() - 60_000) admitted.shift();
  if (admitted.length >= 100)
    throw new Problem(429, "slow down", { "retry-after": Math.ceil((admitted[0] + 60_000 - now()) / 1000) });
  admitted.push(now());
}

function authorize(request) {
  const hash = (text) => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(hash(request.headers.authorization ?? ""), hash(`Bearer ${API_KEY}`))) throw new Problem(401, "key");
}

function parse(text) {
  let body;
  try { body = JSON.parse(text); } catch { throw new Problem(400, "no JSON"); }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw new Problem(422, "expected an object");
  return body;
}

function partsOf(url) {
  try { return url.split("/").map(decodeURIComponent); } catch { throw new Problem(400, "the path"); }
}

async function route(request, text) {
  const [, first, second] = partsOf(request.url);
  if (first === "health") return [200, { status: "ok" }];
  if (request.url === "/test/time") { testTime = parse(text).now_ms; await work(); return [200, {}]; }
  authorize(request);
  limit();
  if (request.method === "POST" && request.url === "/payments") return [201, create(parse(text))];
  if (request.method === "GET" && first === "payments" && payments.has(second)) {
    await refresh(payments.get(second));
    return [200, payments.get(second)];
  }
  if (request.method === "GET" && first === "subscriptions" && second) {
    const ends = subscriptions.get(second) ?? null;
    return [200, { active: ends !== null && ends > now(), ends }];
  }
  throw new Problem(404, "not found");
}

http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk)).on("end", async () => {
    let status = 500, answer = { error: "a fault of ours" }, headers = {};
    try { [status, answer] = await route(request, Buffer.concat(chunks).toString()); }
    catch (error) { if (error instanceof Problem) ({ status, headers } = error), answer = { error: error.message }; }
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(answer));
  });
}).listen(Number(PORT), "127.0.0.1");

if (!process.env.TEST_CLOCK) setInterval(work, 5000);
