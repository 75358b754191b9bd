// The details of one row: its JSON, its request, and its use of the limits.

import { bar, bytes, clock, copy, find, formatted, make, plural } from "./dom.js";
import { Tree } from "./json.js";
import { pathKeys, splitReason } from "./reason.js";
import { statusElement, userElement } from "./row.js";

const TABS = ["JSON", "Request", "Limits"];

export class Details {
  #tab = TABS[0];
  #lastFetch = 0;

  constructor(onClose) {
    this.onClose = onClose;
    this.element = find("details");
    this.number = null;
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Fetch the details and show them. Only the last of several calls has an effect. */
  async show(number) {
    this.number = number;
    const fetchNumber = (this.#lastFetch += 1);
    const response = await fetch(`/live/rows/${number}`);
    const data = await response.json();
    if (fetchNumber !== this.#lastFetch) return;
    this.element.hidden = false;
    this.element.replaceChildren(...(response.ok ? this.#contents(data) : [this.#header(make("h2", {}, "This batch is no longer stored"))]));
  }

  close() {
    this.#lastFetch += 1;
    this.number = null;
    this.element.hidden = true;
    this.element.replaceChildren();
    this.onClose();
  }

  #contents(data) {
    const { row } = data;
    const panels = { JSON: jsonPanel(data), Request: requestPanel(data), Limits: limitsPanel(row) };
    const title = make("h2", { className: row.outcome }, userElement(row), statusElement(row));
    return [this.#header(title), summary(row), ...problem(row), ...warnings(row), ...violations(row), this.#tabs(panels), ...Object.values(panels)];
  }

  #header(title) {
    const close = make("button", { type: "button", className: "close", ariaLabel: "Close the details", title: "Close (Esc)", onclick: () => this.close() }, "✕");
    return make("header", {}, title, close);
  }

  #tabs(panels) {
    const buttons = TABS.map((name) => make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => select(name) }, name));
    const select = (name) => {
      this.#tab = name;
      buttons.forEach((button) => {
        const selected = button.textContent === name;
        button.setAttribute("aria-selected", selected);
        button.tabIndex = selected ? 0 : -1;
      });
      for (const [tab, panel] of Object.entries(panels)) panel.hidden = tab !== name;
    };
    for (const [name, panel] of Object.entries(panels)) {
      panel.id = `panel-${name}`;
      panel.tabIndex = 0; // the keyboard can scroll it
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", `tab-${name}`);
    }
    select(this.#tab);
    const onKey = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = buttons.at((TABS.indexOf(this.#tab) + step) % TABS.length);
      select(next.textContent);
      next.focus();
    };
    return make("div", { className: "tabs", role: "tablist", ariaLabel: "Details", onkeydown: onKey }, buttons);
  }
}

function summary(row) {
  const facts = [row.environment, plural(row.event_count ?? 0, "event"), bytes(row.size), clock(row.time)];
  return make("p", { className: "summary" }, make("bdi", {}, facts.filter(Boolean).join(" · ")));
}

function problem(row) {
  if (!row.reason) return [];
  const { path, text } = splitReason(row.reason);
  return [make("p", { className: `problem ${row.outcome}` }, path && make("code", {}, path), make("bdi", {}, text))];
}

function warnings(row) {
  return (row.warnings ?? []).map((text) => make("p", { className: "problem dropped warning" }, make("bdi", {}, text)));
}

function violations(row) {
  const shown = (row.violations ?? []).map(([path, text, consequence]) =>
    make("p", { className: "problem dropped violation" }, make("code", {}, path), make("bdi", {}, text), consequence && make("strong", {}, consequence)),
  );
  const more = (row.violation_count ?? 0) - shown.length;
  return more > 0 ? [...shown, make("p", { className: "problem dropped violation" }, `and ${formatted(more)} more`)] : shown;
}

function jsonPanel({ document: text, row }) {
  if (!text) return make("div", { className: "panel" }, make("p", { className: "muted" }, "The body is empty or was not read."));
  let tree;
  try {
    tree = new Tree(text);
  } catch {
    return make("div", { className: "panel" }, make("pre", { tabIndex: 0 }, text));
  }
  const { path } = splitReason(row.reason ?? "");
  if (path) tree.markError(pathKeys(path));
  for (const [place] of row.violations ?? []) tree.markError(pathKeys(place));
  return make("div", { className: "panel json" }, tools(tree, text), tree.element);
}

function tools(tree, text) {
  const position = make("output", {});
  const onInput = ({ target }) => (position.textContent = target.value ? tree.search(target.value) : (tree.search(""), ""));
  const onKey = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    position.textContent = tree.step(event.shiftKey ? -1 : 1);
  };
  const search = make("input", { type: "search", placeholder: "Search the JSON", ariaLabel: "Search the JSON", title: "Enter: next match. Shift+Enter: previous match", spellcheck: false, oninput: onInput, onkeydown: onKey });
  const button = (label, onclick) => make("button", { type: "button", onclick }, label);
  return make(
    "div",
    { className: "tools" },
    search,
    position,
    button("Unfold", () => tree.unfold()),
    button("Fold", () => tree.fold()),
    button("Copy", (event) => copy(text, event.target)),
  );
}

function requestPanel({ row, method, seconds, request_size: size, index, headers }) {
  const facts = {
    Request: `${method} ${row.path}`,
    Status: row.status === null ? "connection closed without a response" : String(row.status),
    Received: `${new Date(row.time).toLocaleDateString()} ${clock(row.time)}`,
    Response: `after ${(seconds * 1000).toFixed(1)} ms`,
    Body: `${formatted(size)} bytes`,
    Batch: row.outcome === "refused" ? plural(row.batches, "batch", "batches") : `number ${index + 1} in the request, ${bytes(row.size)}`,
  };
  return make(
    "div",
    { className: "panel" },
    definitions(Object.entries(facts)),
    make("h3", {}, "Headers"),
    definitions(Object.entries(headers)),
    make("p", { className: "muted" }, "Credentials are not stored."),
  );
}

function definitions(entries) {
  return make("dl", {}, entries.flatMap(([name, value]) => [make("dt", {}, make("bdi", {}, name)), make("dd", {}, make("bdi", {}, value))]));
}

function limitsPanel(row) {
  const items = (row.limits ?? []).map(([limit, used, maximum]) =>
    make("li", {}, make("span", {}, limit), make("span", { className: "used" }, `${formatted(used)} of ${formatted(maximum)}`), bar({ used, maximum })),
  );
  return make("div", { className: "panel" }, make("ul", { className: "limits" }, items));
}
