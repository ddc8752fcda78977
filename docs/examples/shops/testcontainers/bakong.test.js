// A sandbox in a container, for tests in any language: docker build -t bakong-sandbox . && npm install && npm test.
const assert = require("node:assert");
const { test, before, after } = require("node:test");
const { GenericContainer, Wait } = require("testcontainers");
const { startSandbox } = require("../../helpers/node");
const CONTROL = "a_control_token_of_32_characters_or_more";
let container, sandbox;

before(async () => {
  container = await new GenericContainer(process.env.BAKONG_IMAGE ?? "bakong-sandbox")
    .withCommand(["bakong-sandbox", "up", "--no-service", "--data-dir", "/data", "--host", "0.0.0.0"])
    .withEnvironment({ BAKONG_SANDBOX_CONTROL_TOKEN: CONTROL })
    .withExposedPorts(8600)
    .withWaitStrategy(Wait.forHttp("/sandbox/health", 8600))
    .start();
  sandbox = await startSandbox({ url: `http://${container.getHost()}:${container.getMappedPort(8600)}`, controlToken: CONTROL });
});
after(() => container?.stop());

test("the container answers as Bakong does", async () => {
  const bakong = await sandbox.world();
  const answer = await fetch(`${bakong.baseUrl}/v1/check_transaction_by_md5`, {
    method: "POST",
    headers: { authorization: `Bearer ${bakong.token}`, "content-type": "application/json" },
    body: JSON.stringify({ md5: "0".repeat(32) }),
  });
  assert.equal((await answer.json()).errorCode, 1);
});
