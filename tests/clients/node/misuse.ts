// What the documents refuse, which tsc has to refuse as well: each line that ends in "refused", and no other.
import createClient from "openapi-fetch";
import type { paths as ControlApi } from "./types/control-api.js";
import type { components as OpenApi, paths as OpenApiPaths } from "./types/open-api.js";
import type { paths as Service } from "./types/service.js";

const control = createClient<ControlApi>({ baseUrl: "" });
const bakong = createClient<OpenApiPaths>({ baseUrl: "" });
const service = createClient<Service>({ baseUrl: "" });
const path = { world: "default" };

export async function misuse(): Promise<void> {
  await control.PUT("/sandbox/worlds/{world}/clock", { params: { path }, body: { mode: "frozen" } });
  await control.PUT("/sandbox/worlds/{world}/clock", { params: { path }, body: { mode: "stopped" } }); // refused
  await control.POST("/sandbox/worlds/{world}/payment", { params: { path }, body: {} }); // refused
  await control.POST("/sandbox/codes", { body: { bakong_account_id: "shop@devb" } }); // refused
  await bakong.POST("/v1/check_transaction_by_md5", { body: { md5: 1 } }); // refused
  const { error } = await service.POST("/api/payments/create", { body: { userId: "a", planType: "PREMIUM", amount: 1 } }); // refused
  console.log(error?.code, error?.cods); // refused
  const { data: made } = await service.POST("/api/payments/create", { body: { userId: "a", planType: "PREMIUM", amount: 1, currency: "USD" } });
  const { data: seen } = await service.GET("/api/payments/status/{md5}", { params: { path: { md5: made?.data.md5Hash ?? "" } } });
  console.log(seen?.data.status === "PAID", seen?.data.paidAt?.length, seen?.data.amount.toFixed(2));
  console.log(seen?.data.stauts); // refused
  console.log(seen?.data.status === "PIAD"); // refused
  const { data: page } = await service.GET("/api/v1/orders");
  const states: string[] | undefined = page?.data.map((order) => order.status);
  console.log(states, page?.meta.nextCursor, page?.meta.next); // refused
}

export function amount(answer: OpenApi["schemas"]["Refusal"] | { responseCode: 0; data: OpenApi["schemas"]["Transaction"] }): number {
  if (answer.responseCode === 1) return answer.data.amount; // refused
  return answer.data.amount;
}
