// npm omise 1.1.0, Omise's own client for Node, unmodified. One command a run; prints one line of JSON.
const omise = require("omise")({ publicKey: "pkey_test_sandbox", secretKey: "skey_test_sandbox", omiseVersion: "2019-05-29" });

const card = (number) => ({
  card: { name: "Somchai", number, expiration_month: 10, expiration_year: 2030, city: "Bangkok", postal_code: "10320", security_code: "123" },
});
const charged = async (number, more) => {
  const token = await omise.tokens.create(card(number));
  return omise.charges.create({ amount: 100000, currency: "thb", card: token.id, ...more });
};
const refused = (promise) => promise.then(() => null, (error) => error.code);

const commands = {
  async promptpay() {
    const source = await omise.sources.create({ type: "promptpay", amount: 500000, currency: "thb" });
    return omise.charges.create({ amount: 500000, currency: "thb", source: source.id, metadata: { order: "N-1" }, expires_at: process.argv[3] });
  },
  retrieve: (id) => omise.charges.retrieve(id),
  async cards() {
    const paid = await charged("4242424242424242");
    const declined = await charged("4111111111140011");
    const partial = await omise.charges.createRefund(paid.id, { amount: 30000 });
    const over = await refused(omise.charges.createRefund(paid.id, { amount: 70001 }));
    const held = await charged("4242424242424242", { capture: false });
    const captured = await omise.charges.capture(held.id);
    const reversed = await omise.charges.reverse((await charged("4242424242424242", { capture: false })).id);
    return { paid, declined, partial, over, captured, reversed, refunds: await omise.charges.listRefunds(paid.id) };
  },
  secure: () => charged("4111111111111111", { return_uri: "https://shop.test/back" }),
  async looks() {
    return {
      found: await omise.search.list({ scope: "charge", query: "N-1" }),
      filtered: await omise.search.list({ scope: "charge", "filters[amount]": "499999..500001" }),
      listed: await omise.charges.list({ limit: 1, order: "reverse_chronological" }),
      event: (await omise.events.list({ order: "reverse_chronological" })).data[0],
      missing: await refused(omise.charges.retrieve("chrg_test_none")),
      account: await omise.account.retrieve(),
    };
  },
};

commands[process.argv[2]](process.argv[3]).then(
  (told) => console.log(JSON.stringify(told)),
  (error) => { console.error(JSON.stringify(error)); process.exit(1); },
);
