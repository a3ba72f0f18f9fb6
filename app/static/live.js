// Keeps the screen of a session up to date: told by server-sent events, else by asking again, it shows the page anew.
// Without this script the page is read again by its own button. See docs/decisions/0045-a-session-is-the-fold-of-its-events.md.
const frame = document.getElementById("live-frame");
const SILENCE = 8000; // without a word for so long, the line is said to be cut
const ASK = 3000;

let offset = -Infinity; // of the server's clock: the least delayed word is the nearest to it
let heard = 0;
let flow = null;
let tag = "";
let busy = false;

const shown = () => document.getElementById("live");
const version = () => Number(shown().dataset.version);
const isMoving = () => shown().dataset.moving === "true";
const hear = (now) => {
  heard = Date.now();
  if (now) offset = Math.max(offset, now - heard);
};

const show = (line) => {
  for (const part of frame.querySelectorAll("[data-line]")) part.hidden = part.dataset.line !== line;
};

const tick = () => {
  const clock = document.getElementById("live-clock");
  if (!clock) return;
  const ends = Number(clock.dataset.ends);
  const exact = ends ? (ends - Date.now() - offset) / 1000 : Number(clock.dataset.left);
  const left = Math.ceil(exact);
  clock.dataset.shown = exact;
  const size = Math.abs(left);
  clock.textContent = `${left < 0 ? "−" : ""}${Math.floor(size / 60)}:${String(size % 60).padStart(2, "0")}`;
  const tone = left <= Number(clock.dataset.red) ? "red" : left <= Number(clock.dataset.amber) ? "amber" : "calm";
  const step = clock.closest(".live-step");
  for (const name of ["calm", "amber", "red"]) step.classList.toggle(name, name === tone);
  for (const part of step.querySelectorAll("[data-tone]")) part.hidden = part.dataset.tone !== tone;
};

// Puts the page that came in place of what is shown, unless it is older; the focus and what was unfolded stay.
const put = (html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = page.getElementById("live");
  if (!fresh) return location.reload(); // signed out, or no longer of the group
  if (Number(fresh.dataset.version) < version()) return;
  const focused = document.activeElement?.id;
  const opened = [...shown().querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
  shown().replaceWith(fresh);
  document.getElementById("problem").replaceWith(page.getElementById("problem"));
  for (const summary of fresh.querySelectorAll("details > summary")) if (opened.includes(summary.textContent)) summary.parentElement.open = true;
  const refusal = fresh.querySelector(".problem");
  if (refusal) refusal.focus();
  else if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  hear(Number(fresh.dataset.now));
  tick();
  follow();
};

const refresh = async () => {
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(frame.dataset.page, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(8000) });
    if (answer.status < 500) put(await answer.text());
  } catch {
    // the line is cut: asked again
  } finally {
    busy = false;
  }
};

const follow = () => {
  if (!isMoving() || !version()) {
    flow?.close();
    flow = null;
    return;
  }
  if (flow && flow.readyState !== EventSource.CLOSED) return;
  flow = new EventSource(frame.dataset.flow);
  flow.onmessage = (event) => {
    const told = JSON.parse(event.data);
    hear(told.now);
    if (told.version > version() || told.version < version()) refresh();
  };
};

// Where no event comes, asks whether anything changed.
const ask = async () => {
  if (!isMoving() || Date.now() - heard < ASK) return;
  try {
    const answer = await fetch(frame.dataset.read, { headers: { "If-None-Match": tag || `"${version()}"` }, signal: AbortSignal.timeout(8000) });
    if (answer.status === 304) hear(0);
    else if (answer.ok) {
      const told = await answer.json();
      hear(Date.parse(told.server_now));
      if (told.version !== version()) await refresh();
    } else if (answer.status < 500) location.reload();
    follow();
  } catch {
    // asked again
  }
};

frame.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.dataset.sent) return;
  form.dataset.sent = "true";
  try {
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, signal: AbortSignal.timeout(8000) });
    put(await answer.text());
    show("on");
  } catch {
    show("unsent"); // nothing is done twice: sent again, it names the version that was seen
    heard = 0;
  } finally {
    delete form.dataset.sent;
  }
});

hear(Number(shown().dataset.now));
follow();
setInterval(tick, 250);
setInterval(() => {
  if (!isMoving()) show("");
  else if (Date.now() - heard > SILENCE) show("off");
  else if (frame.querySelector("[data-line=unsent]").hidden || Date.now() - heard < 1000) show("on");
  ask();
}, 1000);
window.addEventListener("online", () => refresh());
document.addEventListener("visibilitychange", () => document.hidden || refresh());
