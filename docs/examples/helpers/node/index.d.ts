export class World {
  readonly baseUrl: string;
  readonly token: string;
  readonly name: string;
  pay(qr: string, fields?: { amount?: string; currency?: string; outcome?: "paid" | "failed" }): Promise<Record<string, unknown>>;
  use(scenario: string): Promise<Record<string, unknown>>;
  advance(seconds: number): Promise<Record<string, unknown>>;
  speed(rate: number): Promise<Record<string, unknown>>;
  freeze(at: string): Promise<Record<string, unknown>>;
  journal(): Promise<Record<string, unknown>[]>;
  waits(): Promise<{ scripted: number; real: number }[]>;
  drop(): Promise<null>;
}
export function startSandbox(options?: { url?: string; controlToken?: string; command?: string[] }): Promise<{
  url: string;
  world(options?: { scenario?: string; seed?: number; profile?: string; limits?: Record<string, unknown> }): Promise<World>;
  stop(): void;
}>;
