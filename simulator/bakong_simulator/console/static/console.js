// What every page does: parts that follow the world, forms that call the control API, copying, tabs, countdowns.
const texts = JSON.parse(document.body.dataset.texts);
export const world = document.body.dataset.world;
export const api = `/sandbox/worlds/${world}`;
export const t = (text) => texts[text] ?? text;

export function say(text, isBad = false) {
  const line = document.createElement("p");
  line.textContent = text;
  line.className = isBad ? "bad" : "";
  document.getElementById("said").replaceChildren(line);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => line.remove(), isBad ? 12000 : 4000);
}

// Parts: an element with id and data-live is asked for anew, made by the server, and put in its place.
export async function part(id, query = "") {
  const address = new URL(location.href);
  for (const [name, value] of new URLSearchParams(query)) address.searchParams.set(name, value);
  address.searchParams.set("part", id);
  const answer = await fetch(address);
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id) : null;
}

export async function refresh(id, query = "") {
  if (!document.getElementById(id)) return;
  const fresh = await part(id, query);
  const now = document.getElementById(id);
  if (!fresh || !now || now.innerHTML === fresh.innerHTML) return;
  const focused = now.contains(document.activeElement) ? document.activeElement : null;
  if (focused?.matches("input, textarea, select")) return;
  const open = [...now.querySelectorAll("details")].map((one) => one.open);
  now.replaceWith(fresh);
  fresh.querySelectorAll("details").forEach((one, at) => { if (open[at]) one.open = true; });
  if (focused?.id) document.getElementById(focused.id)?.focus();
  else if (focused) { fresh.tabIndex = -1; fresh.focus({ preventScroll: true }); }
  fresh.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
}

// Soon, once for all that comes meanwhile; what comes while parts are under way is asked for after them.
let isBusy = false;
let again = false;
let callsAlone = true;
export async function refreshAll(isCall = false) {
  callsAlone &&= isCall;
  again = true;
  if (isBusy) return;
  isBusy = true;
  while (again) {
    await new Promise((done) => setTimeout(done, 200));
    const which = callsAlone ? '[data-live="calls"]' : "[data-live]";
    again = false;
    callsAlone = true;
    await Promise.allSettled([...document.querySelectorAll(which)].map((one) => refresh(one.id)));
  }
  isBusy = false;
}

// The world's stream: begun once a page has something that follows it; a broken one goes on by itself.
export function follow() {
  const source = new EventSource(`${api}/journal/stream?latest=1&after=${document.body.dataset.cursor}`);
  for (const name of ["calls", "changed", "restarted"]) {
    source.addEventListener(name, (event) => {
      document.dispatchEvent(new CustomEvent(`world:${name}`, { detail: JSON.parse(event.data) }));
      refreshAll(name === "calls");
    });
  }
  addEventListener("pagehide", () => source.close());
  return source;
}
addEventListener("load", () => {
  document.documentElement.classList.add("loaded"); // what can wait for the page: the stream, and the font of one word
  if (document.querySelector("[data-live]")) follow();
});

// What follows no world, such as the service beside it, is asked for anew every so often while it is looked at.
for (const one of document.querySelectorAll("[data-every]")) {
  setInterval(() => { if (!document.hidden) refresh(one.id).catch(() => {}); }, Number(one.dataset.every));
}

// What is long and seldom looked at is asked for when it is opened; a choice that changes a part sends its form.
document.addEventListener("toggle", ({ target }) => { if (target.open && target.dataset.lazy) refresh(target.dataset.lazy); }, true);
document.addEventListener("change", ({ target }) => { if (target.dataset.submits !== undefined) target.form.requestSubmit(); });

// Forms with data-api send their fields as JSON to the control API.
function put(body, path, value) {
  const names = path.split(".");
  const last = names.pop();
  let place = body;
  for (const name of names) place = place[name] ??= {};
  place[last] = value;
}

export function bodyOf(form, submitter) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || (field.type === "radio" && !field.checked)) continue;
    if (field.tagName === "BUTTON") {
      if (field === submitter && field.value) put(body, field.name, field.value);
    } else if (field.type === "checkbox") {
      put(body, field.name, field.checked);
    } else if (field.value !== "" || field.dataset.kind === "null") {
      const kinds = { number: Number, list: (text) => text.split(/[\s,]+/).filter(Boolean), json: JSON.parse, null: (text) => (text === "" ? null : Number(text)) };
      put(body, field.name, (kinds[field.dataset.kind] ?? String)(field.value));
    }
  }
  return body;
}

export async function call(method, address, body, type = "application/json") {
  const options = { method, headers: {} };
  if (body !== undefined) { options.body = body; options.headers["content-type"] = type; }
  const answer = await fetch(address, options).catch(() => { throw new Error(t("The sandbox does not answer. Is it running?")); });
  const text = await answer.text();
  const data = text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
  if (!answer.ok) throw new Error(data.detail ?? `${answer.status} ${answer.statusText}`);
  return data;
}

// How far the clock is to move: so many seconds, or to a moment and a little beyond it.
function secondsOf(button, fields) {
  const until = button?.dataset.untilMs;
  return until ? Math.max(0, (Number(until) - nowMs() + 1) / 1000) : Number(fields.seconds);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const submitter = event.submitter;
  if (form.dataset.part) {
    event.preventDefault();
    const query = new URLSearchParams(new FormData(form, submitter));
    history.replaceState(null, "", `?${query}`);
    await refresh(form.dataset.part);
    return;
  }
  if (!form.dataset.api) return;
  event.preventDefault();
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  const raw = form.querySelector("[data-raw]");
  const since = Math.floor(nowMs());
  try {
    const times = Number(submitter?.dataset.times ?? 1);
    let data;
    for (let at = 0; at < times; at += 1) {
      const fields = raw ? null : bodyOf(form, submitter);
      if (form.dataset.travel !== undefined) fields.seconds = secondsOf(submitter, fields);
      const body = raw ? raw.value : JSON.stringify(fields);
      const bare = form.dataset.api === "DELETE" || form.dataset.bare !== undefined;
      data = await call(form.dataset.api, form.action, bare ? undefined : body, raw ? "application/yaml" : undefined);
    }
    if (form.dataset.into) document.querySelector(form.dataset.into).textContent = data[form.dataset.field];
    if (form.dataset.go) { location.href = form.dataset.go.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(data[name])); return; }
    say(form.dataset.done ?? t("Done"));
    if (form.dataset.travel !== undefined) await refresh("passed", `since=${since}`);
    form.dispatchEvent(new CustomEvent("done", { bubbles: true, detail: data }));
    refreshAll();
    for (const one of document.querySelectorAll("[data-every]")) refresh(one.id);
  } catch (error) {
    say(error.message, true);
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  say(t("Copied"));
});

// On a phone the menu is one line: what it shows includes where one is.
requestAnimationFrame(() => {
  if (!matchMedia("(max-width: 760px)").matches) return;
  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
});

// Tabs, by mouse and by arrow keys.
function choose(tab) {
  for (const one of tab.parentElement.children) {
    const isIt = one === tab;
    one.setAttribute("aria-selected", String(isIt));
    one.tabIndex = isIt ? 0 : -1;
    document.getElementById(one.getAttribute("aria-controls")).hidden = !isIt;
  }
}
document.addEventListener("click", (event) => { if (event.target.role === "tab") choose(event.target); });
document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.target.role !== "tab" || !step) return;
  const tabs = [...event.target.parentElement.children];
  const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
  choose(next);
  next.focus();
});

// The world's time, ticking at its pace; what counts down to a moment of it.
const PHNOM_PENH_MS = 7 * 3600 * 1000;
const began = performance.now();
export function nowMs() {
  const clock = document.querySelector("time[data-now]");
  clock.since ??= document.readyState === "loading" ? began : performance.now();
  return Number(clock.dataset.now) + (performance.now() - clock.since) * Number(clock.dataset.rate);
}
export const clockText = (ms) => new Date(ms + PHNOM_PENH_MS).toISOString().slice(11, 19);
export function spanText(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [days, hours] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24];
  const rest = `${String(Math.floor(s / 60) % 60).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
  return days ? `${days} d ${hours} h` : hours ? `${hours}:${rest}` : rest;
}
function tick() {
  const clock = document.querySelector("time[data-now]");
  if (!clock) return;
  const now = nowMs();
  clock.textContent = clockText(now);
  for (const one of document.querySelectorAll("[data-until]")) {
    const left = Number(one.dataset.until) - now;
    one.textContent = left > 0 ? spanText(left) : one.dataset.past ?? t("expired");
  }
}
tick();
setInterval(tick, 1000);
document.addEventListener("refreshed", tick);
