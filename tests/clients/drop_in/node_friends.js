// The HTTP clients that Node code uses, at NBC's own address: fetch, https and axios.
const https = require("node:https");
const axios = require("../node/node_modules/axios");

const url = "https://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5";
const headers = { authorization: `Bearer ${process.env.BAKONG_TOKEN}`, "content-type": "application/json" };
const body = { md5: "0".repeat(32) };

// In chunks, as https sends what it is not told the length of.
const byHttps = () =>
  new Promise((resolve, reject) => {
    const asked = https.request(url, { method: "POST", headers }, (answer) => {
      const read = [];
      answer.on("data", (piece) => read.push(piece));
      answer.on("end", () => resolve(JSON.parse(Buffer.concat(read)).errorCode));
    });
    asked.on("error", reject);
    asked.write(JSON.stringify(body));
    asked.end();
  });

async function main() {
  const fetched = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const refused = await axios.post(url, body).catch((error) => error.response);
  console.log(
    JSON.stringify({
      fetch: (await fetched.json()).errorCode,
      https: await byHttps(),
      axios: (await axios.post(url, body, { headers })).data.errorCode,
      refused: [refused.status, refused.data.errorCode],
    }),
  );
  process.exit(0);
}

main();
