// Filters the rules by words and verdicts, and opens them all for the printer. Without a script all are shown.
const form = document.getElementById("filter"), words = form.querySelector("input[type=search]");
const rules = [...document.querySelectorAll("details[data-verdict]")];
function filter() {
  const wanted = words.value.toLowerCase().split(/\s+/);
  const verdicts = new Set([...form.querySelectorAll(":checked")].map((box) => box.value));
  for (const rule of rules) {
    const text = rule.textContent.toLowerCase();
    rule.hidden = !verdicts.has(rule.dataset.verdict) || !wanted.every((word) => text.includes(word));
  }
  for (const section of document.querySelectorAll("section")) section.hidden = !section.querySelector("details:not([hidden])");
}
form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
let closed = [];
addEventListener("beforeprint", () => { closed = rules.filter((rule) => !rule.open); for (const rule of closed) rule.open = true; });
addEventListener("afterprint", () => { for (const rule of closed) rule.open = false; });
