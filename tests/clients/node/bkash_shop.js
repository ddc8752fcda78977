// npm bkash-payment 3.0.5 (tokenized) and bkash-payment-gateway 2.0.1 (checkout), unmodified. Prints one line of JSON.
// Arguments: the base URLs of both families.
const axios = require("axios");
const tokenized = require("bkash-payment");
const { BkashGateway } = require("bkash-payment-gateway");

const [base, checkoutBase] = process.argv.slice(2);
const control = `${process.env.BAKONG_SANDBOX_URL}/sandbox/worlds/default/bkash`;
const refused = (promise) => promise.then(() => null, (error) => error.message);
const decide = async (id, action, body) => (await axios.post(`${control}/payments/${id}/${action}`, body || {})).data;

async function redirected(facts) {
  const config = { base_url: base, username: facts.username, password: facts.password, app_key: facts.appKey, app_secret: facts.appSecret };
  const details = { amount: 50, callbackURL: "https://shop.test/back", orderID: "N-1", reference: "1" };
  const made = await tokenized.createPayment(config, details);
  const early = await tokenized.executePayment(config, made.paymentID);
  const approved = await decide(made.paymentID, "approve");
  const paid = await tokenized.executePayment(config, made.paymentID);
  const twice = await tokenized.executePayment(config, made.paymentID);
  const shown = await tokenized.queryPayment(config, made.paymentID);
  const found = await tokenized.searchTransaction(config, paid.trxID);
  const refund = { paymentID: made.paymentID, trxID: paid.trxID, amount: "20" };
  const back = await tokenized.refundTransaction(config, refund);
  const again = await tokenized.refundTransaction(config, refund);
  const held = await tokenized.createAuthPayment(config, { ...details, orderID: "N-2" });
  await decide(held.paymentID, "approve");
  const authorized = await tokenized.executePayment(config, held.paymentID);
  const captured = await tokenized.captureAuthPayment(config, held.paymentID);
  const voided = await tokenized.voidAuthPayment(config, held.paymentID);
  const asked = await tokenized.createAgreement(config, { ...details, orderID: "N-3" });
  await decide(asked.paymentID, "approve");
  const agreement = await tokenized.executeAgreement(config, asked.paymentID);
  const byAgreement = await tokenized.createPaymentWithAgreement(config, { ...details, orderID: "N-4", agreementID: agreement.agreementID });
  const kept = await tokenized.queryAgreement(config, agreement.agreementID);
  const ended = await tokenized.cancelAgreement(config, agreement.agreementID);
  return {
    page: made.bkashURL, early: early.statusCode, approved: approved.status, paid: paid.transactionStatus, twice: twice.statusCode,
    shown: shown.transactionStatus, found: found.trxID === paid.trxID, back: back.amount, sameRefund: again.refundTrxID === back.refundTrxID,
    duplicate: (await tokenized.createPayment(config, details)).statusCode,
    authorized: authorized.transactionStatus, captured: captured.transactionStatus, voided: voided.statusCode,
    agreement: [kept.agreementStatus, byAgreement.agreementID === agreement.agreementID, ended.agreementStatus],
  };
}

async function inFrame(facts) {
  const gateway = new BkashGateway({ baseURL: checkoutBase, key: facts.appKey, secret: facts.appSecret, username: facts.username, password: facts.password });
  const made = await gateway.createPayment({ amount: 75, orderID: "F-1", intent: "sale" });
  const early = await refused(gateway.executePayment(made.paymentID));
  await decide(made.paymentID, "approve");
  const paid = await gateway.executePayment(made.paymentID);
  const twice = await refused(gateway.executePayment(made.paymentID));
  const shown = await gateway.queryPayment(made.paymentID);
  const back = await gateway.refundTransaction({ paymentID: made.paymentID, trxID: paid.trxID, amount: "25", sku: "S", reason: "r" });
  const status = await gateway.refundStatus(paid.trxID, made.paymentID);
  const over = await refused(gateway.refundTransaction({ paymentID: made.paymentID, trxID: paid.trxID, amount: "50.01", sku: "S", reason: "r" }));
  const poor = await gateway.createPayment({ amount: 75, orderID: "F-2", intent: "sale" });
  await decide(poor.paymentID, "approve", { wallet: facts.wallets.poor });
  const wrong = new BkashGateway({ baseURL: checkoutBase, key: facts.appKey, secret: "x", username: facts.username, password: facts.password });
  return {
    early, paid: paid.transactionStatus, twice, shown: shown.transactionStatus, back: back.amount, status: status.refundTrxID === back.refundTrxID,
    over, poor: await refused(gateway.executePayment(poor.paymentID)), wrong: await refused(wrong.queryPayment(made.paymentID)),
    searchAsksAQuery: await refused(gateway.searchTransaction(paid.trxID)),
  };
}

(async () => {
  const facts = (await axios.get(control)).data;
  console.log(JSON.stringify({ tokenized: await redirected(facts), checkout: await inFrame(facts) }));
})().catch((error) => { console.error(error.stack || error, JSON.stringify(error.response && error.response.data)); process.exit(1); });
