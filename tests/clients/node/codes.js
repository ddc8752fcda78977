// Codes as npm ts-khqr writes them. Prints one line of JSON: the texts by kind.
const { KHQR, CURRENCY, TAG } = require("ts-khqr");

const one = { tag: TAG.INDIVIDUAL, accountID: "sokha@devb", merchantName: "Sokha" };
const dynamic = { currency: CURRENCY.USD, amount: 1.5, expirationTimestamp: Date.now() + 900000 };
const merchant = { tag: TAG.MERCHANT, merchantID: "012345678", acquiringBank: "Dev Bank" };
const khmer = { languagePreference: "km", merchantNameAlternateLanguage: "សុខា", merchantCityAlternateLanguage: "ភ្នំពេញ" };
const text = (order) => KHQR.generate(order).data.qr;

console.log(
  JSON.stringify({
    individual: text({ ...one, ...dynamic }),
    merchant: text({ ...one, ...dynamic, ...merchant, additionalData: { billNumber: "INV-1" }, languageData: khmer }),
    static: text({ ...one, currency: CURRENCY.USD }),
  }),
);
