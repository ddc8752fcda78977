// A Bakong for each test. `startSandbox` once, `sandbox.world()` for each test, `sandbox.stop()` at the end.
const { spawn } = require("node:child_process");

async function ask(url, method, path, body) {
  const isText = typeof body === "string";
  const answer = await fetch(url + path, {
    method,
    headers: { "content-type": isText ? "application/yaml" : "application/json" },
    body: body === undefined || isText ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(`${method} ${path}: ${said?.detail ?? text}`);
  return said;
}

class World {
  constructor(url, made) {
    Object.assign(this, { baseUrl: made.base_url, token: made.token, name: made.world });
    this.ask = (method, path, body) => ask(url, method, `/sandbox/worlds/${made.world}${path}`, body);
  }
  pay(qr, fields = {}) { return this.ask("POST", "/payments", { qr, ...fields }); }
  use(scenario) { return this.ask("PUT", "/scenario", /[\n:]/.test(scenario) ? scenario : { name: scenario }); }
  advance(seconds) { return this.ask("POST", "/clock/advance", { seconds }); }
  /** Waits of the sandbox take so many times less: a hang of 60 s ends, without an answer, after 0.1 s at 600. */
  speed(rate) { return this.ask("PUT", "/clock", { mode: "scaled", rate }); }
  freeze(at) { return this.ask("PUT", "/clock", { mode: "frozen", at }); }
  async journal() { return (await this.ask("GET", "/journal")).entries; }
  drop() { return this.ask("DELETE", ""); }
}

/** The sandbox at BAKONG_SANDBOX_URL, or one of its own: `command` is how bakong-sandbox is started here. */
async function startSandbox({ url = process.env.BAKONG_SANDBOX_URL, command = ["bakong-sandbox"] } = {}) {
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
    world: async (options = {}) => new World(url, await ask(url, "POST", "/sandbox/worlds", options)),
    stop: () => child?.kill("SIGTERM"),
  };
}

module.exports = { startSandbox, World };
