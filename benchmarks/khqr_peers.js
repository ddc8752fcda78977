// npm bakong-khqr and ts-khqr on the inputs of benchmarks/khqr.py. A line of stdin is [codec, input, verb, count]; its answer
// is the operations per second of this process's CPU time.
const { BakongKHQR, IndividualInfo, MerchantInfo } = require("bakong-khqr");
const { KHQR } = require("ts-khqr");

const inputs = JSON.parse(process.argv[2]);

function rate(work, count) {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.cpuUsage(start);
  return (count * 1e6) / (user + system);
}

function official({ kind, fields }) {
  const { bakongAccountID, merchantName, merchantCity, merchantID, acquiringBank, ...optional } = fields;
  return kind === "merchant"
    ? new BakongKHQR().generateMerchant(new MerchantInfo(bakongAccountID, merchantName, merchantCity, merchantID, acquiringBank, optional))
    : new BakongKHQR().generateIndividual(new IndividualInfo(bakongAccountID, merchantName, merchantCity, { acquiringBank, ...optional }));
}

function typescript({ kind, fields }) {
  const { bakongAccountID, merchantNameAlternateLanguage, merchantCityAlternateLanguage, ...rest } = fields;
  return KHQR.generate({
    tag: kind === "merchant" ? "30" : "29",
    accountID: bakongAccountID,
    ...rest,
    currency: rest.currency === undefined ? undefined : String(rest.currency),
    additionalData: (({ billNumber, mobileNumber, storeLabel, terminalLabel, purposeOfTransaction }) => ({ billNumber, mobileNumber, storeLabel, terminalLabel, purposeOfTransaction }))(fields),
    languageData: fields.languagePreference && {
      languagePreference: fields.languagePreference,
      merchantNameAlternateLanguage,
      merchantCityAlternateLanguage,
    },
  });
}

const works = { "npm bakong-khqr": {}, "npm ts-khqr": {} };
for (const [name, input] of Object.entries(inputs)) {
  const qr = official(input).data.qr;
  if (qr.length !== input.length) throw new Error(`${name}: ${JSON.stringify(official(input))}`);
  const ts = typescript(input);
  if (!ts.data) throw new Error(`${name}: ts-khqr: ${JSON.stringify(ts)}`);
  works["npm bakong-khqr"][name] = {
    generate: () => official(input),
    decode: () => BakongKHQR.decode(qr),
    verify: () => BakongKHQR.verify(qr),
  };
  works["npm ts-khqr"][name] = {
    generate: () => typescript(input),
    decode: () => KHQR.parse(qr),
    verify: () => KHQR.verify(qr),
  };
}

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [codec, name, verb, count] = JSON.parse(line);
    console.log(rate(works[codec][name][verb], count));
  });
