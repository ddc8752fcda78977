// Loaded into Node by `bakong-sandbox exec`: connections to the providers' hosts go to the sandbox. Node 20 has no proxy setting.
const net = require("node:net");
const tls = require("node:tls");
const [where, ...hosts] = (process.env.BAKONG_SANDBOX_LED || "").split(" ");
const [host, port] = where.split(":");
const led = new Set(hosts);

function leads(name) {
  return typeof name === "string" && led.has(name.toLowerCase().replace(/\.$/, ""));
}

const connectTls = tls.connect;
tls.connect = function (...given) {
  const options = given.find((one) => one && typeof one === "object") || {};
  const named = options.host ?? options.hostname ?? given.find((one) => typeof one === "string");
  if (options.socket || !leads(named)) return connectTls.apply(this, given);
  const callback = given.find((one) => typeof one === "function");
  const changed = { ...options, host, port: Number(port), servername: options.servername || named, path: undefined };
  return connectTls.call(this, changed, callback);
};

// Plain calls to those hosts are answered on the same port: it tells TLS by its first byte.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const list = Array.isArray(given[0]) ? given[0] : given;
  const options = list[0];
  if (options && typeof options === "object" && leads(options.host)) {
    list[0] = { ...options, host, port: Number(port) };
  }
  return connect.apply(this, given);
};
