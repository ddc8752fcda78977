// A Bakong for each test. `startSandbox` once, `sandbox.world()` for each test, `sandbox.stop()` at the end.
const { spawn } = require("node:child_process");

async function ask({ url, controlToken }, method, path, body) {
  const isText = typeof body === "string";
  const answer = await fetch(url + path, {
    method,
    headers: {
      "content-type": isText ? "application/yaml" : "application/json",
      ...(controlToken && { authorization: `Bearer ${controlToken}` }),
    },
    body: body === undefined || isText ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(`${method} ${path}: ${said?.detail ?? text}`);
  return said;
}

class World {
  #rate = 1;
  constructor(sandbox, made) {
    Object.assign(this, { baseUrl: made.base_url, token: made.token, name: made.world });
    this.ask = (method, path, body) => ask(sandbox, method, `/sandbox/worlds/${made.world}${path}`, body);
  }
  pay(qr, fields = {}) { return this.ask("POST", "/payments", { qr, ...fields }); }
  use(scenario) { return this.ask("PUT", "/scenario", /[\n:]/.test(scenario) ? scenario : { name: scenario }); }
  advance(seconds) { return this.ask("POST", "/clock/advance", { seconds }); }
  /** Waits of the sandbox take so many times less: a hang of 60 s ends, without an answer, after 0.1 s at 600. */
  speed(rate) { this.#rate = rate; return this.ask("PUT", "/clock", { mode: "scaled", rate }); }
  freeze(at) { return this.ask("PUT", "/clock", { mode: "frozen", at }); }
  async journal() { return (await this.ask("GET", "/journal")).entries; }
  /** How long each call was kept waiting: for how many seconds as the shop's script says, and for how many of yours. */
  async waits() {
    return (await this.journal()).map(({ delay_ms }) => ({ scripted: delay_ms / 1000, real: delay_ms / 1000 / this.#rate }));
  }
  drop() { return this.ask("DELETE", ""); }
}

/**
 * The sandbox at BAKONG_SANDBOX_URL, or one of its own: `command` is how bakong-sandbox is started here.
 * controlToken: what a sandbox wants that other machines reach, such as one in a container.
 */
async function startSandbox({
  url = process.env.BAKONG_SANDBOX_URL,
  controlToken = process.env.BAKONG_SANDBOX_CONTROL_TOKEN,
  command = ["bakong-sandbox"],
} = {}) {
  let child;
  if (!url) {
    child = spawn(command[0], [...command.slice(1), "up", "--json", "--no-service", "--port", "0", "--data-dir", ".bakong-sandbox"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    url = await new Promise((ready, failed) => {
      child.once("error", failed);
      child.once("exit", (code) => failed(new Error(`bakong-sandbox ended with ${code}`)));
      child.stdout.once("data", (line) => ready(JSON.parse(line).bakong_url));
    });
  }
  return {
    url,
    world: async (options = {}) => new World({ url, controlToken }, await ask({ url, controlToken }, "POST", "/sandbox/worlds", options)),
    stop: () => child?.kill("SIGTERM"),
  };
}

module.exports = { startSandbox, World };
