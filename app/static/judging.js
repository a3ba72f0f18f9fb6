// The judging form: saves a draft by itself, and judges by keyboard. Without it, buttons and links do the same.
// A draft is saved from the version that the page read: when another tab changed it, both texts are shown, none is lost.
// drafts.js keeps its texts in this browser too, until they are saved.
// The work that follows is shown without another page being loaded, when the server says that it is the one prepared.
const WAIT = 1000;
const RETRIES = [2000, 4000, 8000, 15000];
const FRESH = 60000; // how long the page of the work that follows may wait for being shown

const addressNow = () => location.pathname + location.search;
let shownAt = addressNow();

const scriptsOf = (page) => [...page.querySelectorAll("script[src]")].map((script) => script.getAttribute("src")).join();
// Returns a page that judges, with its path; null for any other, and when it cannot be had.
const fetchPage = async (address, signal) => {
  try {
    const answer = await fetch(address, { signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const { pathname, search } = new URL(answer.url);
    const isSame = page.querySelector("form[data-judging]") && scriptsOf(page) === scriptsOf(document);
    return answer.ok && isSame ? { path: pathname + search, page } : null;
  } catch {
    return null;
  }
};
// As if it had been loaded: its address with the key of its form, its title, its heading read aloud, the scripts begun.
const showPage = ({ path, page }) => {
  const key = new URL(page.querySelector("form[data-judging]").action).searchParams.get("cle");
  history.pushState(null, "", `${path}&cle=${key}`);
  shownAt = addressNow();
  document.title = page.title;
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  scrollTo(0, 0);
  const heading = document.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  document.dispatchEvent(new Event("page-shown"));
  start(document.querySelector("form[data-judging]"));
};
// Back and forward load the page, as between any two.
addEventListener("popstate", () => addressNow() === shownAt || location.reload());

function start(form) {
  const leave = new AbortController();
  const { signal } = leave;
  const KEYS = `keys:${form.dataset.person}`;

  const field = (name) => form.elements.namedItem(name);
  const checked = (name) => [...form.querySelectorAll(`[name="${name}"]:checked`)].map((box) => box.value);
  const version = form.querySelector('[name="version"]');
  const comment = form.querySelector('textarea[name="comment"]');
  const state = form.querySelector("[data-judging-state]");
  const words = form.querySelector("template[data-judging-words]").content;
  const notice = form.querySelector("template[data-judging-conflict]").content.firstElementChild.cloneNode(true);

  let dirty = false;
  let timer = 0;
  let saving = null;
  let failures = 0;
  let present = null;
  let following = null;
  let askedAt = -FRESH;
  let sending = false;

  const show = (name) => {
    const text = name ? words.querySelector(`[data-when="${name}"]`).textContent : "";
    if (state.textContent !== text) state.textContent = text;
  };
  // In a grid the highest level ticked of each criterion counts, as where the form is sent.
  const highest = () => {
    const levels = {};
    for (const cell of checked("cells")) {
      const [criterion, level] = cell.split(":");
      levels[criterion] = Math.max(Number(level), levels[criterion] ?? 0);
    }
    return levels;
  };
  const said = [...form.querySelectorAll('[name="criterion"]')].map((hidden, place) => ({
    criterion: hidden.value,
    box: form.querySelectorAll('[name="feedback"]')[place],
  }));
  const written = () => ({
    level: checked("level").length ? Number(checked("level")[0]) : null,
    criteria_met: checked("criteria_met"),
    criteria_levels: Object.entries(highest()).map(([criterion, level]) => ({ criterion, level })),
    criteria_feedback: said.map(({ criterion, box }) => ({ criterion, text: box.value.trim() })).filter(({ text }) => text),
    evidence: checked("evidence").map((ref) => ({ kind: ref.split(":")[0], id: Number(ref.split(":")[1]) })),
    activity_code: field("activity_code")?.value || null,
    comment: comment.value.trim() || null,
    reason: field("reason")?.value.trim() || null,
  });
  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  };

  // Another tab wrote meanwhile: its text beside ours, which stays in the form and is not saved over it unasked.
  const showConflict = (theirs) => {
    present = theirs;
    notice.querySelector("[data-theirs]").textContent = [theirs.level, theirs.comment, ...said.map(({ criterion }) => theirs[`feedback.${criterion}`]), theirs.reason].filter(Boolean).join(" – ");
    notice.setAttribute("role", "alert");
    form.prepend(notice);
  };
  const put = async () => {
    dirty = false;
    let answer;
    try {
      answer = await fetch(form.dataset.judging, {
        method: "PUT",
        headers: { "Content-Type": "application/json", "If-Match": `"${version.value}"` },
        body: JSON.stringify(written()),
        keepalive: true,
        signal: AbortSignal.timeout(20000),
      });
    } catch {
      answer = null;
    }
    if (answer?.ok) {
      failures = 0;
      version.value = (await answer.json()).version;
      show("saved");
      return;
    }
    if (answer?.status === 412) {
      const conflict = (await answer.json()).errors?.find((error) => error.code === "draft_stale");
      if (conflict) showConflict(conflict.params);
      else version.value = 0;
      dirty = true;
      return;
    }
    if (answer && answer.status < 500 && answer.status !== 429) return; // refused: sending the form says why
    dirty = true;
    show("away");
    later(RETRIES[Math.min(failures, RETRIES.length - 1)]);
    failures += 1;
  };
  function save() {
    clearTimeout(timer);
    if (present || !dirty || saving) return saving;
    saving = put().finally(() => {
      saving = null;
      if (dirty && !failures) later(WAIT);
    });
    return saving;
  }

  // The page of the work that follows is asked for while its assessor writes, and shown once the server says it is next.
  const prepare = () => {
    if (!form.dataset.next || performance.now() - askedAt < FRESH) return;
    askedAt = performance.now();
    following = fetchPage(form.dataset.next, signal);
  };

  form.addEventListener("input", () => {
    dirty = true;
    show("");
    later(WAIT);
    prepare();
  });
  document.addEventListener("visibilitychange", () => document.hidden && save(), { signal });
  notice.querySelector("[data-mine]").addEventListener("click", () => {
    version.value = present.version;
    present = null;
    notice.remove();
    save();
    comment.focus();
  });
  notice.querySelector("[data-other]").addEventListener("click", () => {
    version.value = present.version;
    comment.value = present.comment ?? "";
    const ticks = { criteria_met: present.criteria, cells: present.cells, evidence: present.evidence };
    for (const [name, values] of Object.entries(ticks)) {
      const ticked = (values ?? "").split(", ");
      for (const box of form.querySelectorAll(`[name="${name}"]`)) box.checked = ticked.includes(box.value);
    }
    for (const radio of form.querySelectorAll('[name="level"]')) radio.checked = radio.value === String(present.level);
    for (const { criterion, box } of said) box.value = present[`feedback.${criterion}`] ?? "";
    if (field("activity_code")) field("activity_code").value = present.activity ?? "";
    if (field("reason")) field("reason").value = present.reason ?? "";
    propose();
    present = null;
    dirty = false;
    notice.remove();
    comment.focus();
  });

  // A comment of one's own goes where one writes, without a new page; `r` goes to their list.
  const bank = form.querySelector("[data-bank]");
  const insert = () => {
    const texts = bank.querySelector("template[data-bank-texts]").content;
    const text = texts.querySelector(`[data-id="${Number(bank.querySelector("select").value)}"]`)?.textContent;
    if (!text) return;
    const before = comment.value.slice(0, comment.selectionStart);
    comment.focus();
    comment.setRangeText(`${before && !/\s$/.test(before) ? "\n\n" : ""}${text}`, comment.selectionStart, comment.selectionEnd, "end");
    comment.dispatchEvent(new Event("input", { bubbles: true }));
  };
  bank?.querySelector('button[value="insert"]').addEventListener("click", (event) => {
    event.preventDefault();
    insert();
  });
  bank?.querySelector("select").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    insert();
  });

  // Sent here, the form is answered by where it leads; whatever else comes back, the browser sends it and shows the answer:
  // its one-time key makes of both one judgement.
  const send = async (by) => {
    const typed = [...new FormData(form, by)].map(([name, value]) => [name, value.replace(/\r\n?|\n/g, "\r\n")]);
    let answer;
    try {
      answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams(typed),
        signal: AbortSignal.timeout(20000),
      });
    } catch {
      sending = false;
      dirty = true;
      show("away");
      later(RETRIES[0]);
      return;
    }
    const isLanding = answer.ok && answer.headers.get("Content-Type") === "application/json";
    if (!isLanding) {
      const then = document.createElement("input");
      Object.assign(then, { type: "hidden", name: by.name, value: by.value });
      form.append(then);
      form.submit();
      return;
    }
    const { location: landing } = await answer.json();
    const next = await following;
    if (next?.path === landing) {
      leave.abort();
      showPage(next);
    } else {
      location.assign(landing);
    }
  };

  // What is being saved ends first: the form then names the version that stands.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    const by = event.submitter;
    if (saving || sending) {
      event.preventDefault();
      saving?.finally(() => {
        dirty = false;
        form.requestSubmit(by);
      });
      return;
    }
    dirty = false;
    if (by?.value !== "next" || !following) return;
    event.preventDefault();
    sending = true;
    send(by);
  });

  // Keys. One key alone does something only outside of text fields, and may be switched off (WCAG 2.1.4).
  const off = () => {
    try {
      return localStorage.getItem(KEYS) === "off";
    } catch {
      return false;
    }
  };
  const choice = form.querySelector("template[data-judging-keys]");
  choice.after(choice.content.cloneNode(true));
  const box = form.querySelector("#touches");
  box.checked = !off();
  box.addEventListener("input", (event) => event.stopPropagation());
  box.addEventListener("change", () => {
    try {
      if (box.checked) localStorage.removeItem(KEYS);
      else localStorage.setItem(KEYS, "off");
    } catch {
      // storage is off: the choice holds for this page
    }
  });

  // The level that what is ticked proposes: of a grid the lowest of its criteria, else what the page says of their number.
  const grid = [...form.querySelectorAll("fieldset.cells")];
  const proposal = form.querySelector("[data-proposed]");
  const proposals = form.querySelector("template[data-proposals]").content;
  const proposed = () => {
    if (!grid.length) return Number(proposals.querySelector(`[data-met="${checked("criteria_met").length}"]`)?.dataset.level ?? 0);
    const levels = Object.values(highest());
    return levels.length === grid.length ? Math.min(...levels) : 0;
  };
  const propose = () => {
    const text = proposals.querySelector(`[data-level="${proposed()}"]`).textContent;
    if (proposal.textContent !== text) proposal.textContent = text;
  };
  propose();
  form.addEventListener("input", propose);

  // Keys of a grid: a level is that of each criterion; the key of a criterion lowers it alone, with Shift raises it, and the
  // level is then the one proposed.
  const boxesOf = (cells) => [...cells.querySelectorAll("input")];
  const tick = (cells, place) => {
    for (const [other, cell] of boxesOf(cells).entries()) cell.checked = other === place;
  };
  const choose = (level) => {
    const radio = form.querySelector(`[name="level"][value="${level}"]`);
    if (radio) radio.checked = true;
    form.dispatchEvent(new Event("input"));
  };
  const setAll = (level) => {
    for (const cells of grid) tick(cells, boxesOf(cells).findIndex((cell) => cell.value.endsWith(`:${level}`)));
    choose(level);
  };
  const move = (cells, by) => {
    const states = boxesOf(cells).length + 1; // none, then each level
    const now = boxesOf(cells).findLastIndex((cell) => cell.checked) + 1;
    tick(cells, ((now + by + states) % states) - 1);
    choose(proposed());
  };

  const isText = (target) => target.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=submit], [type=button])");
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.contains(event.target.closest("form") ?? form)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector('button[value="next"]') ?? form.querySelector('button[value="stay"]'));
      return;
    }
    if (event.key === "Escape" && event.target === comment) {
      comment.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isText(event.target) || !box.checked) return;
    const level = form.querySelector('[name="level"]:checked') ?? form.querySelector('[name="level"]');
    const place = { m: comment, n: level, r: bank?.querySelector("select") }[event.key];
    if (place) {
      event.preventDefault();
      place.focus();
      return;
    }
    const key = event.key.toLowerCase();
    const named = /^[a-k1-4]$/.test(key) && document.querySelector(`[data-key="${key}"]`);
    if (!named) return;
    event.preventDefault();
    if (named.matches("fieldset")) move(named, event.shiftKey ? 1 : -1);
    else if (grid.length && named.name === "level") setAll(Number(key));
    else named.click();
  }, { signal });
}
start(document.querySelector("form[data-judging]"));
