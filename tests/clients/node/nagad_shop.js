// npm nagad-payment-gateway 2.0.2, unmodified. One command a run; prints one line of JSON.
// Nagad's host names lead to this machine, as a line in the hosts file would; everything else is the client's own.
const dns = require("dns");
const { lookup } = dns;
dns.lookup = (host, options, done) => {
  const target = host.endsWith(".mynagad.com") ? "127.0.0.1" : host;
  return lookup(target, options, done);
};
const { NagadGateway } = require("nagad-payment-gateway");

const [config, command, ...words] = [JSON.parse(process.argv[2]), ...process.argv.slice(3)];
const nagad = new NagadGateway({ apiVersion: "v-0.2.0", isPath: false, callbackURL: "https://shop.test/back", ...config });
const pay = (orderId, amount) =>
  nagad.createPayment({ amount, ip: "127.0.0.1", orderId, productDetails: { a: "1" }, clientType: "PC_WEB" });

const commands = {
  pay: (orderId, amount) => pay(orderId, amount).then((url) => ({ url })),
  verify: (reference) => nagad.verifyPayment(reference),
};

commands[command](...words).then(
  (said) => console.log(JSON.stringify(said)),
  (error) => console.log(JSON.stringify({ error: error.name, message: error.message, reason: error.reason })),
);
