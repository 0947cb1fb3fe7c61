// What the pages do beyond links and forms: they stay up to date, times stay
// relative, and a few keys help. Without this script everything still works.
"use strict";

const body = document.body;

// A page that answers a form has an address of its own: reloading it must not
// send the form again.
if (body.dataset.here) history.replaceState(null, "", body.dataset.here);

// Times: the exact one stays in the title.
function ago(ms) {
  const steps = [[60, "s"], [60, "min"], [24, "h"], [365, "d"]];
  const future = ms < 0;
  let n = Math.abs(ms) / 1000, unit = "s";
  for (const [size, name] of steps) {
    unit = name;
    if (n < size) break;
    if (name !== "d") n /= size;
  }
  const text = Math.floor(n) + " " + unit;
  return future ? "in " + text : text + " ago";
}
function tell() {
  for (const t of document.querySelectorAll("time[data-ago]")) {
    t.textContent = ago(Date.now() - Date.parse(t.dateTime));
  }
}

// Live regions are replaced by what the same page says now, but for one in
// which somebody is typing or has ticked something.
async function refresh() {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(region.id);
    const busy = region.contains(document.activeElement) || region.querySelector("input:checked, details[open]");
    if (next && !busy && next.innerHTML !== region.innerHTML) region.replaceChildren(...next.childNodes);
  }
  tell();
}
let due = 0, waiting = false;
function soon() { // at most one refresh a second, and one at a time
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    due = Date.now();
    refresh().catch(() => {}).finally(() => { waiting = false; });
  }, Math.max(0, due + 1000 - Date.now()));
}
// A hidden page asks for nothing and holds no connection: a browser has few.
let news = null;
function follow() {
  if (document.hidden) {
    if (news) news.close();
    news = null;
  } else if (!news) {
    news = new EventSource(body.dataset.stream);
    news.addEventListener("changed", soon);
  }
}
if (document.querySelector("[data-live]")) {
  if (body.dataset.stream) {
    follow();
    document.addEventListener("visibilitychange", follow);
  } else {
    setInterval(() => { if (!document.hidden) soon(); }, 30000);
  }
}

tell();
setInterval(tell, 10000);

document.addEventListener("keydown", (e) => {
  const search = document.querySelector("input[type=search]");
  if (e.key === "/" && search && !e.target.matches("input, textarea, select")) {
    e.preventDefault();
    search.focus();
  }
});
document.addEventListener("submit", (e) => {
  const question = e.submitter && e.submitter.dataset.confirm;
  if (question && !confirm(question)) e.preventDefault();
});
document.addEventListener("change", (e) => {
  if (e.target.dataset.all === undefined) return;
  for (const box of e.target.form.querySelectorAll("input[type=checkbox][name]")) box.checked = e.target.checked;
});
document.addEventListener("click", async (e) => {
  const button = e.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  button.textContent = "Copied";
});
