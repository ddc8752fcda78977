// npm paystack-sdk 4.2.1 and paystack-node 0.3.0, unmodified. One command a run; prints one line of JSON.
// paystack-sdk has no setting for its address: global fetch leads it to the sandbox, as a proxy would.
const base = process.env.PAYSTACK_BASE, key = process.env.PAYSTACK_KEY || "sk_test_sandbox";
const real = globalThis.fetch;
globalThis.fetch = (url, init) => real(url.replace("https://api.paystack.co", base), init);
const Paystack = require("paystack-sdk");
const sdk = new Paystack(key);
const refused = (promise) => promise.then(() => null, (error) => ({ name: error.name, status: error.status, code: error.body && error.body.code, text: error.message }));
const body = { email: "payer@shop.test", amount: "50000" };

const old = () => {
  const PayStack = require("paystack-node");
  const client = new PayStack(key, "production");
  client.mergeNewOptions({ baseUrl: base });
  return client;
};

const commands = {
  initialize: (reference) => sdk.transaction.initialize({ ...body, reference, callback_url: "https://shop.test/back", metadata: { cart: 7 } }),
  verify: (reference) => sdk.transaction.verify(reference),
  async again(code) {
    return {
      charged: await sdk.transaction.chargeAuthorization({ ...body, authorization_code: code, reference: "again-1" }),
      other: await refused(sdk.transaction.chargeAuthorization({ ...body, email: "o@shop.test", authorization_code: code })),
      listed: await sdk.transaction.list({ perPage: 1, page: 2 }),
      totals: await sdk.transaction.total(),
    };
  },
  async looks(id) {
    return { fetched: await sdk.transaction.fetch(id), timeline: await sdk.transaction.viewTimeline(id) };
  },
  refund: (transaction, amount) => sdk.refund.create({ transaction, amount: Number(amount), merchant_note: "broken" }),
  async refunds(id) {
    return { fetched: await sdk.refund.fetch(id), listed: await sdk.refund.list({ perPage: 10 }) };
  },
  retry: (id) => sdk.refund.retry(id, { currency: "NGN", account_number: "0000000000", bank_id: "9" }),
  async errors() {
    return {
      duplicate: await refused(sdk.transaction.initialize({ ...body, reference: "order-1" })),
      amount: await refused(sdk.transaction.initialize({ ...body, amount: "0" })),
      unknown: await refused(sdk.transaction.verify("nobody")),
      refund: await refused(sdk.refund.fetch(1)),
      retry: await refused(sdk.refund.retry(1, {})),
      partial: await refused(sdk.transaction.partialDebit({})),
    };
  },
  async old(reference) {
    const client = old();
    const made = await client.initializeTransaction({ ...body, amount: 50000, reference });
    const duplicate = await client.initializeTransaction({ ...body, amount: 50000, reference }).then((answer) => answer.body, (error) => error.message);
    const verified = await client.verifyTransaction({ reference });
    const listed = await client.listTransaction({ status: "abandoned" });
    return { made: made.body, duplicate, verified: verified.body, listed: listed.body };
  },
};

commands[process.argv[2]](...process.argv.slice(3)).then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => { console.error(error.stack); process.exit(1); },
);
