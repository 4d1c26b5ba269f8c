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
