// What HTML alone cannot do. Every page works without it.
"use strict";

// A button that copies the text of the element it names. Hidden until there is a script to serve it.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    const label = button.querySelector("[data-label]");
    try {
      await navigator.clipboard.writeText(text);
      label.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(document.getElementById(button.dataset.copy));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      label.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { label.textContent = "Copy"; }, 2500);
  });
}

// A second question before what cannot be undone.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// The board: a card that is dropped on another stage is moved by its own form.
document.addEventListener("DOMContentLoaded", () => {
  if (!window.Sortable) return;
  for (const list of document.querySelectorAll(".board ul")) {
    list.closest(".board").classList.add("with-drag");
    Sortable.create(list, {
      group: "board",
      sort: false,
      animation: 150,
      delay: 200,
      delayOnTouchOnly: true,
      forceFallback: true,
      filter: "select, button",
      preventOnFilter: false,
      ghostClass: "dragged",
      onAdd: ({ item, to }) => {
        const form = item.querySelector("form");
        form.elements.stage.value = to.dataset.stage;
        form.requestSubmit();
      },
    });
  }
});

// The browser knows its time zone.
for (const field of document.querySelectorAll("input[name=timeZone][type=hidden]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// Settings → Stages: a stage that is dropped elsewhere in its pipeline. The buttons do the same without a script.
document.addEventListener("DOMContentLoaded", () => {
  if (!window.Sortable) return;
  for (const list of document.querySelectorAll("ol.stages")) {
    list.classList.add("with-drag");
    Sortable.create(list, {
      animation: 150,
      delay: 200,
      delayOnTouchOnly: true,
      filter: "input, select, button, summary",
      preventOnFilter: false,
      onUpdate: () => {
        const form = document.createElement("form");
        form.method = "post";
        form.action = "/dashboard/settings/stages/order";
        const add = (name, value) => form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
        add("pipeline", list.dataset.pipeline);
        for (const item of list.children) add("stage", item.dataset.stage);
        document.body.append(form);
        form.submit();
      },
    });
  }
});
// A page that tells how far something is looks again while it is looked at.
for (const place of document.querySelectorAll("[data-again]")) {
  setInterval(() => { if (!document.hidden) location.reload(); }, Number(place.dataset.again));
}

// A listing's photos: sent one by one, each with its progress. Without a script the form sends them together.
for (const form of document.querySelectorAll("form[data-photos]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const list = document.getElementById("sending");
    const field = form.elements.file;
    const button = form.querySelector("button");
    const waiting = [...field.files].map((file) => {
      const progress = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
      const words = Object.assign(document.createElement("span"), { textContent: file.name });
      const label = document.createElement("label");
      label.append(words, progress);
      const item = document.createElement("li");
      item.append(label);
      return { file, item, words, progress };
    });
    list.replaceChildren(...waiting.map(({ item }) => item));
    button.disabled = field.disabled = true;
    let wrong = 0;
    for (const { file, item, words, progress } of waiting) {
      const error = await send(form.action, file, progress);
      if (error === null) {
        item.remove();
      } else {
        wrong += 1;
        progress.remove();
        words.className = "wrong";
        words.textContent = error;
      }
    }
    button.disabled = field.disabled = false;
    if (wrong === 0) location.assign(`${location.pathname}?done=photos-added#photos`);
    else if (wrong < waiting.length) list.append(again());
  });
}

// A form with one file: sent with its progress, then on to where it leads. Without a script the form does it alone.
for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const list = form.querySelector(".sending");
    const field = form.elements.file;
    const button = form.querySelector("button");
    const [file] = field.files;
    const progress = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    const words = Object.assign(document.createElement("span"), { textContent: file.name });
    const label = document.createElement("label");
    label.append(words, progress);
    const item = document.createElement("li");
    item.append(label);
    list.replaceChildren(item);
    form.parentElement.querySelector(":scope > .wrong")?.remove();
    button.disabled = field.disabled = true;
    const error = await send(form.action, file, progress, form.dataset.most);
    if (error === null) {
      // To go where one is already would load nothing.
      history.replaceState(null, "", progress.dataset.to || form.dataset.upload);
      location.reload();
      return;
    }
    button.disabled = field.disabled = false;
    progress.remove();
    words.className = "wrong";
    words.textContent = error.startsWith("“") ? error : `“${file.name}” ${error}`;
  });
}

// Sends a file; what is wrong with it, or null.
function send(action, file, progress, most = "15 MiB") {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file);
    request.open("POST", action);
    request.setRequestHeader("Accept", "text/plain");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      // All of it has come: it is being drawn, for how long nobody knows.
      if (loaded < total) progress.value = loaded / total;
      else progress.removeAttribute("value");
    });
    request.addEventListener("load", () => {
      progress.dataset.to = request.getResponseHeader("Location") ?? "";
      if (request.status === 204) resolve(null);
      else if (request.status === 422) resolve(request.responseText);
      else resolve(request.status === 413 ? `“${file.name}” must have at most ${most}` : `“${file.name}” was not taken: load the page again, and try once more`);
    });
    request.addEventListener("error", () => resolve(`“${file.name}” was not sent: try again`));
    request.send(body);
  });
}

// The way to the photos that were taken, beside those that were not.
function again() {
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("a"), { href: location.pathname, textContent: "Show the photos that were taken" }));
  return item;
}

// Photos that are dragged to another place. The buttons do the same without a script.
document.addEventListener("DOMContentLoaded", () => {
  if (!window.Sortable) return;
  for (const list of document.querySelectorAll("ol.photos")) {
    list.classList.add("with-drag");
    Sortable.create(list, {
      animation: 150,
      delay: 200,
      delayOnTouchOnly: true,
      forceFallback: true,
      filter: "input, button",
      preventOnFilter: false,
      onUpdate: () => {
        const form = Object.assign(document.createElement("form"), { method: "post", action: list.dataset.order });
        for (const item of list.children) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "photo", value: item.dataset.photo }));
        document.body.append(form);
        form.submit();
      },
    });
  }
});
