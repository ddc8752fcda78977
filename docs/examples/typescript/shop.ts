// A coffee from code to money: what is asked and what comes back is typed by the documents of contracts/openapi.
import createClient from "openapi-fetch";
import type { components, paths as OpenApi } from "./types/open-api.js";
import type { paths as ControlApi } from "./types/control-api.js";

type Transaction = components["schemas"]["Transaction"];

const url = process.env.BAKONG_SANDBOX_URL ?? "http://127.0.0.1:8600";
const control = createClient<ControlApi>({ baseUrl: url });

/** What came back; throws where the sandbox refused. */
function unwrap<T>(answer: { data?: T; error?: { detail: string } | undefined }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail);
  return answer.data;
}

// A world of its own, as a test has it.
const world = unwrap(await control.POST("/sandbox/worlds", { body: { scenario: "paid" } }));
const bakong = createClient<OpenApi>({ baseUrl: world.base_url, headers: { authorization: `Bearer ${world.token}` } });

/** The payment of a code, or null while nobody has made it. */
async function paymentOf(md5: string): Promise<Transaction | null> {
  const { data } = await bakong.POST("/v1/check_transaction_by_md5", { body: { md5 } });
  if (data === undefined) throw new Error("Bakong did not answer: it may be paid, ask again");
  return data.responseCode === 0 ? data.data : null;
}

const code = unwrap(await control.POST("/sandbox/codes", {
  body: { bakong_account_id: "shop@devb", merchant_name: "Coffee", currency: "USD", amount: "1.50" },
}));
console.log(`before: ${(await paymentOf(code.md5))?.amount ?? "open"}`);
unwrap(await control.POST("/sandbox/worlds/{world}/payments", {
  params: { path: { world: world.world } }, body: { qr: code.qr },
}));
const paid = await paymentOf(code.md5);
console.log(`after: ${paid?.amount} ${paid?.currency} to ${paid?.toAccountId}`);
await control.DELETE("/sandbox/worlds/{world}", { params: { path: { world: world.world } } });
