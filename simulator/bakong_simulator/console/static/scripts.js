// Scripts: the search, and the editor that is checked as one types.
import { call, part, say, t } from "./console.js";

const search = document.getElementById("search");
function narrow() {
  const words = search.value.toLowerCase().split(/\s+/);
  for (const one of document.querySelectorAll("#library > li")) {
    const text = one.textContent.toLowerCase();
    one.hidden = !words.every((word) => text.includes(word));
  }
}
if (search) {
  search.addEventListener("input", narrow);
  addEventListener("load", async () => {
    const later = await part("later");
    document.getElementById("library").append(...(later?.children ?? []));
    narrow();
  });
}

const draft = document.getElementById("draft");
const make = (kind, text, name = "") => Object.assign(document.createElement(kind), { textContent: text, className: name });

function numbers(bad = new Set()) {
  const lines = document.getElementById("lines");
  lines.replaceChildren(...draft.value.split("\n").map((_, at) => make("span", `${at + 1}\n`, bad.has(at + 1) ? "bad" : "")));
}

function goTo(line) {
  const before = draft.value.split("\n").slice(0, line - 1).join("\n").length;
  const start = line > 1 ? before + 1 : 0;
  const end = draft.value.indexOf("\n", start);
  draft.focus();
  draft.setSelectionRange(start, end < 0 ? draft.value.length : end);
}

// The script over a payment's polls, as the page of a script has it.
function overPolls({ polls, steps, faults }) {
  const cell = (kind, text, over = 1, name = "") => Object.assign(make(kind, text, name), { colSpan: over });
  const row = (title, cells) => { const made = make("tr", ""); made.append(cell("th", title), ...cells); return made; };
  const table = make("table", "", "polls");
  table.append(row(t("poll"), Array.from({ length: polls }, (_, at) => cell("th", at + 1 < polls ? at + 1 : `${polls} …`))));
  for (const { fault, before, over, after } of faults) {
    const parts = [["", before], [fault, over, "bad"], ["", after]].filter(([, width]) => width);
    table.append(row(t("Fault"), parts.map(([text, width, name]) => cell("td", text, width, name))));
  }
  table.append(row(t("State"), steps.map(({ state, over }) => cell("td", t(state), over, state))));
  return table;
}

async function check() {
  const { mistakes, plan } = await call("POST", "/sandbox/scenarios/check", draft.value, "application/yaml");
  numbers(new Set(mistakes.map((one) => one.line)));
  const rows = mistakes.map(({ line, message }) => {
    const row = make("li", "", "problem");
    if (line) {
      const button = Object.assign(make("button", `${t("line")} ${line}`, "quiet"), { type: "button" });
      button.addEventListener("click", () => goTo(line));
      row.append(button, " ");
    }
    row.append(message);
    return row;
  });
  document.getElementById("mistakes").replaceChildren(...(rows.length ? rows : [make("li", t("No mistakes"), "fine")]));
  document.getElementById("about").textContent = plan?.about ?? "";
  document.getElementById("polls").replaceChildren(...(plan?.over_polls ? [overPolls(plan.over_polls)] : []));
  document.getElementById("plan").replaceChildren(...(plan?.steps ?? []).map((step) => {
    const place = make("li", "", step.state);
    place.append(...[["small", step.begins], ["strong", t(step.state)], ["span", step.lasts], ["span", step.paid]].filter(([, text]) => text).map(([kind, text]) => make(kind, text)));
    return place;
  }));
  document.getElementById("faults").replaceChildren(...(plan?.faults ?? []).map((fault) => {
    const place = make("li", "");
    place.append(make("strong", fault.fault), ` ${fault.what} `, make("span", [fault.on.join(", "), fault.polls, fault.when].filter(Boolean).join(" · ")));
    return place;
  }));
}

// A draft outlives a reload of its tab, until it is given up.
if (draft) {
  const key = `draft ${location.pathname}${location.search}`;
  const giveUp = document.getElementById("give-up");
  const kept = sessionStorage.getItem(key);
  if (kept !== null) { draft.value = kept; giveUp.hidden = false; }
  draft.addEventListener("input", () => { sessionStorage.setItem(key, draft.value); giveUp.hidden = false; });
  giveUp.addEventListener("click", () => {
    sessionStorage.removeItem(key);
    draft.value = draft.defaultValue;
    giveUp.hidden = true;
    check().catch((error) => say(error.message, true));
  });
  let soon = null;
  draft.addEventListener("input", () => { numbers(); clearTimeout(soon); soon = setTimeout(() => check().catch((error) => say(error.message, true)), 150); });
  draft.addEventListener("scroll", () => { document.getElementById("lines").scrollTop = draft.scrollTop; });
  check().catch((error) => say(error.message, true));
  document.getElementById("edit-one")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    try {
      await call("PUT", document.getElementById("for-payment").value, draft.value, "application/yaml");
      say(t("Done"));
    } catch (error) { say(error.message, true); }
  });
}
