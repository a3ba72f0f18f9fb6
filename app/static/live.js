// Keeps the screen of a session up to date: on each server-sent event, else by asking at intervals, it loads the page anew.
// Without this script the page is read again by its own button. See docs/decisions/0045-a-session-is-the-fold-of-its-events.md.
const frame = document.getElementById("live-frame");
const SILENCE = 8000; // milliseconds without contact after which the line is shown as cut
const ASK = 3000;

let offset = -Infinity; // of the server's clock: the least delayed answer is the nearest to it
let lastContact = 0;
let events = null;
let isLoading = false;
let isAsking = false;

const shown = () => document.getElementById("live");
const version = () => Number(shown().dataset.version);
const phase = () => shown().dataset.phase;
const isMoving = () => ["waiting", "underway"].includes(phase());
const noteContact = (serverTime) => {
  lastContact = Date.now();
  if (serverTime) offset = Math.max(offset, serverTime - lastContact);
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
  noteContact(Number(fresh.dataset.now));
  tick();
  follow();
};

const refresh = async () => {
  if (isLoading) return;
  isLoading = true;
  try {
    const answer = await fetch(frame.dataset.page, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(8000) });
    if (answer.status < 500) put(await answer.text());
  } catch {
    // the line is cut: asked again
  } finally {
    isLoading = false;
  }
};

const follow = () => {
  if (!isMoving() || !version()) {
    events?.close();
    events = null;
    return;
  }
  if (events && events.readyState !== EventSource.CLOSED) return;
  events = new EventSource(frame.dataset.flow);
  events.onmessage = (event) => {
    const state = JSON.parse(event.data);
    noteContact(state.now);
    if (state.version !== version()) refresh();
  };
};

// Where no event comes, asks whether anything changed.
const ask = async () => {
  if (isAsking || !isMoving() || Date.now() - lastContact < ASK) return;
  isAsking = true;
  try {
    const answer = await fetch(frame.dataset.read, { headers: { "If-None-Match": `"${version()}"` }, signal: AbortSignal.timeout(8000) });
    if (answer.status === 304) noteContact(0);
    else if (answer.ok) {
      const state = await answer.json();
      noteContact(Date.parse(state.server_now));
      if (state.version !== version() || state.phase !== phase()) await refresh();
    } else if (answer.status < 500) location.reload();
    follow();
  } catch {
    // asked again
  } finally {
    isAsking = false;
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
    if (answer.status >= 500) throw new Error(answer.statusText);
    put(await answer.text());
    show("on");
  } catch {
    show("unsent"); // nothing is done twice: sent again, it names the version that was seen
    lastContact = 0;
  } finally {
    delete form.dataset.sent;
  }
});

noteContact(Number(shown().dataset.now));
follow();
setInterval(tick, 250);
setInterval(() => {
  if (!isMoving()) show("");
  else if (Date.now() - lastContact > SILENCE) show("off");
  else if (frame.querySelector("[data-line=unsent]").hidden || Date.now() - lastContact < 1000) show("on");
  ask();
}, 1000);
window.addEventListener("online", () => refresh());
document.addEventListener("visibilitychange", () => document.hidden || refresh());
