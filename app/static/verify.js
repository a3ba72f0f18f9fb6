// Compares a file with the issued document in the browser itself: nothing is sent.
// Without this script the form does the same on the server.
for (const form of document.querySelectorAll("form[data-sha256]")) {
  form.addEventListener("submit", async (event) => {
    const file = form.elements.file.files[0];
    if (!file || !globalThis.crypto?.subtle) return;
    event.preventDefault();
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const found = hex === form.dataset.sha256 ? "same" : "other";
    for (const notice of document.querySelectorAll("[data-compared]")) {
      notice.hidden = notice.dataset.compared !== found;
    }
  });
}
