// NBC's own SDK, unmodified: codes made and read, a deep link, an account. Prints one line of JSON.
const { BakongKHQR, khqrData, IndividualInfo, MerchantInfo, SourceInfo } = require("bakong-khqr");

async function main(base) {
  const optional = { currency: khqrData.currency.usd, amount: 1.5, billNumber: "INV-1", expirationTimestamp: Date.now() + 900000 };
  const individual = new BakongKHQR().generateIndividual(new IndividualInfo("sokha@devb", "Sokha", "Phnom Penh", optional));
  const merchant = new BakongKHQR().generateMerchant(
    new MerchantInfo("sandbox_merchant@sand", "Sandbox Merchant", "Phnom Penh", "123456", "Sandbox Bank", optional),
  );
  const deeplink = await BakongKHQR.generateDeepLink(
    `${base}/v1/generate_deeplink_by_qr`,
    individual.data.qr,
    new SourceInfo("https://shop.test/i.png", "Shop", "https://shop.test"),
  );
  const account = (id) => BakongKHQR.checkBakongAccount(`${base}/v1/check_bakong_account`, id);
  console.log(
    JSON.stringify({
      individual: individual.data,
      merchant: merchant.data,
      decoded: BakongKHQR.decode(individual.data.qr).data,
      valid: BakongKHQR.verify(merchant.data.qr).isValid,
      deeplink: deeplink,
      known: await account("sandbox_merchant@sand"),
      unknown: await account("nobody@devb"),
    }),
  );
}

main(process.argv[2]);
