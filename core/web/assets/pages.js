// What pages do besides, where there is JavaScript.
"use strict";
const script = document.currentScript;
const address = new URL(script.dataset.from, location.href);
const PAUSE = 150, LEAST = 2;
let serial = 0;

// Offers what may be meant while a field is typed into: the combobox of the WAI-ARIA Authoring Practices.
function combobox(field) {
  const of = field.dataset.suggest, lines = field.tagName === "TEXTAREA";
  const list = document.createElement("ul"), status = document.createElement("p");
  let items = [], active = -1, timer = 0, request = null;
  list.id = `suggestions-${++serial}`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", script.dataset.label);
  list.hidden = true;
  status.className = "hidden";
  status.setAttribute("role", "status");
  field.after(list, status);
  field.autocomplete = "off";
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  // A text of several lines cannot be a combobox.
  if (!lines) field.setAttribute("role", "combobox");
  const expanded = (open) => lines || field.setAttribute("aria-expanded", open);
  expanded(false);

  // What is typed: of a text of several lines, that of the caret.
  function typed() {
    if (!lines) return [0, field.value.length];
    const begin = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1, end = field.value.indexOf("\n", begin);
    return [begin, end < 0 ? field.value.length : end];
  }

  function close() {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    active = -1;
    field.removeAttribute("aria-activedescendant");
    expanded(false);
  }

  function move(to) {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = (to + items.length) % items.length;
    const option = list.children[active];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
  }

  function choose(item) {
    close();
    if (item.href) return location.assign(new URL(item.href, address));
    field.setRangeText(item.name, ...typed(), "end");
    field.focus();
  }

  function show({ said, items: found }) {
    items = found;
    active = -1;
    list.replaceChildren(...items.map((item, place) => {
      const option = document.createElement("li"), name = document.createElement("bdi");
      option.id = `${list.id}-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      name.textContent = item.name;
      option.append(name);
      if (item.about) option.append(" ", Object.assign(document.createElement("span"), { className: "faint", textContent: item.about }));
      option.addEventListener("click", () => choose(item));
      return option;
    }));
    list.hidden = !items.length;
    status.textContent = said;
    expanded(!list.hidden);
  }

  async function ask() {
    const text = field.value.slice(...typed()).trim();
    if (text.length < LEAST) return close();
    request = new AbortController();
    const { signal } = request;
    try {
      const response = await fetch(`${address}?${new URLSearchParams({ of, q: text })}`, { signal });
      const answer = response.ok ? await response.json() : null;
      if (signal.aborted) return;
      if (answer && document.activeElement === field) show(answer);
      else close();
    } catch {
      // Aborted, or without a network: what was typed can be sent all the same.
    }
  }

  field.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    request?.abort();
    timer = setTimeout(ask, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") move(active + 1);
    else if (event.key === "ArrowUp") move(active < 0 ? -1 : active - 1);
    else if (event.key === "Enter" && active >= 0) choose(items[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  field.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault());
}

document.querySelectorAll("[data-suggest]").forEach(combobox);

// A file that is too large is told before it is sent.
for (const field of document.querySelectorAll("[data-most]")) {
  field.addEventListener("change", () => {
    field.setCustomValidity(field.files[0]?.size > field.dataset.most ? field.dataset.large : "");
    field.reportValidity();
  });
}
