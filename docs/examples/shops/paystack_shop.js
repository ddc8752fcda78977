// A shop that sells one thing by Paystack's page, with npm paystack-sdk and nothing else.
// The page that the payer comes back to says nothing of money: an order is paid when Paystack says so, asked by its
// reference, whether a signed webhook or the payer's return was the reason to ask. paystack-sdk has no setting for its
// address: PAYSTACK_API_BASE leads it to the sandbox; without it this is a shop at Paystack.
const { createHmac, timingSafeEqual } = require("node:crypto");
const http = require("node:http");

const base = process.env.PAYSTACK_API_BASE, real = globalThis.fetch;
if (base) globalThis.fetch = (url, init) => real(String(url).replace("https://api.paystack.co", base), init);
const Paystack = require("paystack-sdk");

const key = process.env.PAYSTACK_SECRET_KEY, port = Number(process.env.SHOP_PORT || 4243);
const shop = `http://127.0.0.1:${port}`, sdk = new Paystack(key), PRICE = 250000; // kobo
const orders = new Map(); // its status by the order's number, which is the transaction's reference: a real shop has a table
const run = Date.now(); // a reference is good once, for ever

async function buy() {
  const number = `order-${run}-${orders.size + 1}`;
  orders.set(number, "waiting");
  const made = await sdk.transaction.initialize({
    email: "buyer@shop.test", amount: String(PRICE), reference: number, callback_url: `${shop}/orders/${number}`,
    metadata: { cancel_action: `${shop}/?cancelled=${number}` },
  });
  return made.data.authorization_url;
}

async function ask(number) {
  const { data } = await sdk.transaction.verify(number);
  if (data.status === "success" && data.amount === PRICE && data.currency === "NGN") orders.set(number, "paid");
  if (data.status === "reversed") orders.set(number, "refunded");
}

function isSigned(body, signature) {
  const ours = createHmac("sha512", key).update(body).digest(), theirs = Buffer.from(String(signature), "hex");
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

async function webhook(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts); // the bytes as they came: what is parsed and written again may differ
  if (!isSigned(body, request.headers["x-paystack-signature"])) return answer(response, 400);
  const { event, data } = JSON.parse(body);
  const number = event.startsWith("refund.") ? data.transaction_reference : data.reference;
  if (orders.has(number)) await ask(number); // the same event twice asks twice, and changes nothing
  answer(response, 200); // Paystack takes nothing else for an acknowledgement
}

function answer(response, status, html = "", headers = {}) {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8", ...headers });
  response.end(html);
}

const page = (title, inside) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${inside}`;

async function serve(request, response) {
  const { pathname, searchParams } = new URL(request.url, shop), number = pathname.slice("/orders/".length);
  if (request.method === "POST" && pathname === "/buy") return answer(response, 303, "", { location: await buy() });
  if (request.method === "POST" && pathname === "/webhooks") return webhook(request, response);
  if (pathname === "/") {
    const told = searchParams.has("cancelled") ? "<p>You have not paid.</p>" : "";
    return answer(response, 200, page("Tea", `${told}<form method="post" action="/buy"><button>Buy tea for NGN 2,500.00</button></form>`));
  }
  if (!pathname.startsWith("/orders/") || !orders.has(number)) return answer(response, 404, page("Not found", ""));
  if (searchParams.has("reference")) await ask(number); // the payer is back, maybe before the webhook
  const waits = orders.get(number) === "waiting" ? '<meta http-equiv="refresh" content="1">' : "";
  answer(response, 200, page(`Order ${number}`, `${waits}<p>It is <strong>${orders.get(number)}</strong>.</p><a href="/">Back</a>`));
}

http.createServer((request, response) => {
  serve(request, response).catch(() => answer(response, 503, page("Sorry", "<p>Please try again.</p>")));
}).listen(port, "127.0.0.1", () => console.log(`The shop is at ${shop}, its webhooks at ${shop}/webhooks`));
