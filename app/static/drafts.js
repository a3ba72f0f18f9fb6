// Keeps the texts of a form in this browser until they are saved: per person and form, never shared, never sent.
// Only fields that their template marks as drafted (data-drafted). An older draft is offered, never put over what is saved. See docs/decisions/0020-forms-never-lose-a-word.md.
const PREFIX = "draft:";
const TAB = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());

const read = (key) => {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
};
const write = (key, draft) => {
  try {
    if (draft) localStorage.setItem(key, JSON.stringify(draft));
    else localStorage.removeItem(key);
  } catch {
    // storage is off or full: the form works all the same
  }
};
const keys = () => {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  } catch {
    return [];
  }
};
const same = (some, others) => JSON.stringify(some) === JSON.stringify(others);

// The answer to a form that was saved leaves its path in a cookie: the drafts that were sent there go.
const forgetSaved = () => {
  const saved = document.cookie.match(/(?:^|; )escouade-saved=([^;]+)/);
  if (saved) {
    const path = decodeURIComponent(saved[1]);
    for (const key of keys()) if (key.split(":")[2].split("?")[0] === path && read(key)?.sent) write(key, null);
    document.cookie = "escouade-saved=; Max-Age=0; Path=/";
  }
};

for (const form of document.querySelectorAll('form[action^="/deconnexion"]')) {
  form.addEventListener("submit", () => keys().forEach((key) => write(key, null)));
}

let leave = new AbortController();
const begin = () => {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  forgetSaved();
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const key = `${PREFIX}${form.dataset.person}:${form.dataset.draft}`;
    const fields = [...form.querySelectorAll("[data-drafted]")];
    const texts = () => fields.map((field) => field.value.replaceAll("\r\n", "\n"));
    const refused = form.hasAttribute("data-refused");
    const notice = form.querySelector("template").content.firstElementChild.cloneNode(true);
    const choices = notice.querySelector("[data-offer]");
    let older = read(key);
    let base = refused && older ? older.base : texts();
    let timer = 0;
    let dirty = false;

    const save = (sent) => {
      clearTimeout(timer);
      if (!dirty && !sent) return;
      dirty = false;
      write(key, { at: Date.now(), tab: TAB, base, texts: texts(), sent, older: notice.isConnected ? older : null });
    };
    const show = (name) => {
      for (const text of notice.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== name;
      if (name === "tabs") choices.remove();
      else notice.append(choices);
      form.prepend(notice);
    };
    const offer = () => {
      notice.remove();
      if (!older || refused || same(older.texts, texts())) return;
      const day = new Date(older.at).toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
      for (const time of notice.querySelectorAll("[data-day]")) time.textContent = day;
      show(same(older.base, base) ? "found" : "changed");
    };

    if (older && !refused && same(older.texts, texts())) write(key, (older = null));
    offer();
    choices.querySelector("[data-take]").addEventListener("click", () => {
      for (const [place, field] of fields.entries()) {
        field.value = older.texts[place] ?? field.value;
        if (field.value) field.closest("details")?.setAttribute("open", "");
      }
      notice.remove();
      dirty = true;
      save(false);
      fields[0].focus();
    });
    choices.querySelector("[data-forget]").addEventListener("click", () => {
      write(key, (older = older.older));
      offer();
    });
    form.addEventListener("input", () => {
      dirty = true;
      clearTimeout(timer);
      timer = setTimeout(save, 800, false);
    });
    form.addEventListener("submit", () => save(true));
    addEventListener("pagehide", () => save(false), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && save(false), { signal });
    addEventListener("storage", (event) => {
      if (event.key === key && event.newValue && !notice.isConnected && read(key)?.tab !== TAB) show("tabs");
    }, { signal });
  }
};
begin();
// A script has shown another page in place of this one (judging.js).
document.addEventListener("page-shown", begin);
