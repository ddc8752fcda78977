// Snapshots: kept in this browser, restored, saved as files, compared with the world as it is now.
import { api, call, clockText, nowMs, refreshAll, say, t, world } from "./console.js";

const KEY = "sandbox-snapshots";
const list = document.getElementById("kept");
const differs = document.getElementById("differs");
const kept = () => JSON.parse(localStorage.getItem(KEY) ?? "[]");

function store(rows) {
  try { localStorage.setItem(KEY, JSON.stringify(rows)); } catch (error) { say(error.message, true); }
  draw();
}

async function restore(document_) {
  await call("PUT", `${api}/snapshot`, JSON.stringify(document_));
  say(t("Done"));
  refreshAll();
}

function* flat(value, path = "") {
  if (value === null || typeof value !== "object") yield [path, JSON.stringify(value)];
  else for (const [name, inner] of Object.entries(value)) yield* flat(inner, path ? `${path}.${name}` : name);
}

async function compare(then) {
  const now = new Map(flat(await call("GET", `${api}/snapshot`)));
  const before = new Map(flat(then));
  const paths = [...new Set([...before.keys(), ...now.keys()])].filter((path) => before.get(path) !== now.get(path));
  const table = document.createElement("ul");
  table.className = "plain mono";
  for (const path of paths.slice(0, 100)) {
    const row = document.createElement("li");
    row.textContent = `${path}: ${before.get(path) ?? "–"} → ${now.get(path) ?? "–"}`;
    table.append(row);
  }
  const count = document.createElement("p");
  count.textContent = `${paths.length} ≠`;
  differs.replaceChildren(count, table);
}

function button(text, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: text });
  made.addEventListener("click", () => Promise.resolve(act()).catch((error) => say(error.message, true)));
  return made;
}

function save(row) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(row.document)], { type: "application/json" }));
  link.download = `${row.world}-${row.at_ms}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function draw() {
  list.replaceChildren(...kept().map((row, at) => {
    const place = document.createElement("li");
    place.append(`${row.world} ${clockText(row.at_ms)} `, button(list.dataset.restore, () => restore(row.document)), " ", button(list.dataset.compare, () => compare(row.document)), " ",
      button(list.dataset.save, () => save(row)), " ", button(list.dataset.drop, () => store(kept().filter((_, other) => other !== at))));
    return place;
  }));
}

document.getElementById("keep").addEventListener("click", async () => {
  try { store([...kept(), { world, at_ms: Math.round(nowMs()), document: await call("GET", `${api}/snapshot`) }]); } catch (error) { say(error.message, true); }
});
document.getElementById("load").addEventListener("change", async (event) => {
  try { await restore(JSON.parse(await event.target.files[0].text())); } catch (error) { say(error.message, true); }
});
draw();
