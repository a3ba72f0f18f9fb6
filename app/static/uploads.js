// Sends the large file of a form in parts, so that a line that is cut loses the last part alone: the form then names what
// was received. Without this script, or where anything else is wrong, the form sends the file whole. See docs/decisions/0040-large-files-come-in-parts.md.
const PART = 500000;
const WAITS = [1, 2, 4, 8, 15, 30, 30, 30];

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const digest = async (file) => {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};
const ask = (address, method, type, body, headers) =>
  fetch(address, { method, body, headers: { Accept: "application/json", "Content-Type": type, ...headers }, signal: AbortSignal.timeout(90000) });

// Returns the id of the upload once it is whole, null where the form is to send the file, undefined where the line stays cut.
const send = async (file, address, show) => {
  const asked = JSON.stringify({ file_name: file.name, file_size: file.size, file_sha256: await digest(file) });
  let upload = null;
  let place = "";
  let tries = 0;
  for (;;) {
    const begun = upload !== null;
    let answer = null;
    try {
      answer = begun
        ? await ask(place, "PATCH", "application/octet-stream", file.slice(upload.received, upload.received + PART), {
            "Upload-Offset": upload.received,
          })
        : await ask(address, "POST", "application/json", asked);
      if (answer.ok && !begun) place = answer.headers.get("Location");
      if (answer.ok) upload = await answer.json();
      if (answer.ok && begun) tries = 0;
    } catch {
      answer = null;
    }
    if (answer?.ok) {
      if (upload.state === "whole") return upload.id;
      if (upload.state === "damaged") return null;
      show("sending", upload.received / file.size);
      continue;
    }
    const refused = answer && answer.status < 500 && answer.status !== 429 && answer.status !== 408;
    if (refused && (!begun || tries >= 2)) return null;
    if (tries >= WAITS.length) return undefined;
    upload = null; // asked anew, it says how much was received
    if (!refused) show("waiting");
    await wait(refused ? 0 : WAITS[tries]);
    tries += 1;
  }
};

for (const form of document.querySelectorAll("form[data-uploads]")) {
  const input = form.querySelector("input[type=file]");
  const notice = form.querySelector("template[data-upload]").content.firstElementChild.cloneNode(true);
  const bar = notice.querySelector("progress");
  let busy = false;

  const show = (name, share) => {
    for (const text of notice.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== name;
    if (share !== undefined) bar.value = Math.floor(share * 100);
    for (const text of notice.querySelectorAll("[data-percent]")) text.textContent = bar.value;
  };
  form.addEventListener("submit", async (event) => {
    const file = input.files[0];
    if (!busy && (!file || file.size <= PART || !globalThis.crypto?.subtle)) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    form.querySelector("button").before(notice);
    show("sending", 0);
    let id = null;
    try {
      id = await send(file, form.dataset.uploads, show);
    } catch {
      // the file cannot be read any more: the browser says so when the form sends it
    }
    busy = false;
    if (id === undefined) return show("stopped");
    show("sending", 1);
    if (id) {
      const named = document.createElement("input");
      Object.assign(named, { type: "hidden", name: "upload_id", value: id });
      form.append(named);
      input.disabled = true;
      addEventListener("pageshow", () => (named.remove(), (input.disabled = false)), { once: true });
    }
    form.submit();
  });
}
