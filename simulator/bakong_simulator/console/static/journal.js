// The list of calls: as many rows as are seen, whatever the number of calls; the newest first, live at its top.
import { api, clockText, refresh, t } from "./console.js";

const HEIGHT = 44;
const CHUNK = 100;
const list = document.getElementById("rows");
const pad = document.createElement("div");
const newer = document.getElementById("newer");
const count = document.getElementById("count");
const chosen = () => new URLSearchParams(location.search).get("number");
const filter = new URLSearchParams([...new URLSearchParams(location.search)].filter(([name, value]) => value && name !== "number" && name !== "world"));
const isFiltered = [...filter].length > 0;

let upto = null; // the newest call that the list shows
let total = 0;
let matching = 0;
let chunks = new Map();
let drawn = new Map();

pad.className = "pad";
list.append(pad);

async function rows(chunk) {
  const query = new URLSearchParams(filter);
  query.set("offset", chunk * CHUNK);
  query.set("count", CHUNK);
  if (upto !== null) query.set("upto", upto);
  const answer = await fetch(`${api}/journal/rows?${query}`);
  if (!answer.ok) return null;
  return answer.json();
}

function rowOf(row, at) {
  const place = document.createElement("div");
  place.setAttribute("role", "listitem");
  place.style.top = `${at * HEIGHT}px`;
  const link = document.createElement("a");
  const query = new URLSearchParams(filter);
  query.set("number", row.number);
  link.href = `?${query}`;
  link.dataset.number = row.number;
  if (String(row.number) === chosen()) link.setAttribute("aria-current", "true");
  const time = document.createElement("time");
  time.textContent = clockText(row.at_ms);
  const what = document.createElement("span");
  what.textContent = row.endpoint;
  const fault = document.createElement("span");
  if (row.fault) { fault.className = "state fault"; fault.textContent = row.fault; }
  const status = document.createElement("span");
  status.className = `state ${row.status && row.status < 400 ? "ok" : "bad"}`;
  status.textContent = row.status || "–"; // a call that hangs, or is cut off, has none
  link.append(time, what, fault, status);
  place.append(link);
  return place;
}

function draw() {
  const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - 10);
  const last = Math.min(matching, Math.ceil((list.scrollTop + list.clientHeight) / HEIGHT) + 10);
  for (const [at, place] of drawn) {
    if ((at < first || at >= last) && !place.contains(document.activeElement)) { place.remove(); drawn.delete(at); }
  }
  for (let at = first; at < last; at += 1) {
    const chunk = Math.floor(at / CHUNK);
    if (!chunks.has(chunk)) load(chunk);
    const row = chunks.get(chunk)?.[at % CHUNK];
    if (row && !drawn.has(at)) {
      const place = rowOf(row, at);
      const after = [...drawn.keys()].filter((other) => other < at).sort((a, b) => b - a)[0];
      (after === undefined ? pad : drawn.get(after)).after(place);
      drawn.set(at, place);
    }
  }
}

async function load(chunk) {
  const [mine, of] = [[], chunks];
  of.set(chunk, mine);
  const data = await rows(chunk);
  if (!data || of !== chunks) return;
  if (chunk === 0 && upto === null) { total = data.total; upto = total; }
  if (chunk === 0) { matching = data.matching; shape(); }
  mine.push(...data.rows);
  draw();
}

function shape() {
  pad.style.height = `${matching * HEIGHT}px`;
  document.getElementById("none").hidden = matching > 0;
  list.hidden = matching === 0;
  count.textContent = isFiltered ? `${matching} / ${total}` : `${matching}`;
}

function again() {
  const focused = document.activeElement?.closest?.("#rows a")?.dataset.number;
  upto = null;
  chunks = new Map();
  newer.hidden = true;
  load(0).then(() => {
    for (const place of drawn.values()) place.remove();
    drawn = new Map();
    list.scrollTop = 0;
    draw();
    if (focused) list.querySelector(`[data-number="${focused}"]`)?.focus();
  });
}

let soon = null;
document.addEventListener("world:calls", (event) => {
  const rested = list.scrollTop < HEIGHT;
  if (rested) { soon ??= setTimeout(() => { soon = null; again(); }, 200); return; }
  newer.textContent = `${event.detail.total - upto} ${t("new calls")}`;
  newer.hidden = false;
});
document.addEventListener("world:restarted", again);
newer.addEventListener("click", again);
list.addEventListener("scroll", () => requestAnimationFrame(draw));

async function look(link) {
  history.replaceState(null, "", link.href);
  for (const one of list.querySelectorAll("[aria-current]")) one.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  await refresh("call");
}
list.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  look(link);
});
list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const places = [...drawn.entries()].sort(([a], [b]) => a - b).map(([, place]) => place.firstChild);
  const at = places.indexOf(document.activeElement);
  const next = at < 0 ? places[0] : places[at + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
document.querySelector("#filters [name=endpoint]").addEventListener("focus", () => refresh("endpoints"), { once: true });
load(0);
