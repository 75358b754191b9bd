// What is known of one row: its JSON, its request, and how near it is to the limits.

import { bar, bytes, clock, copy, counted, find, grouped, make } from "./dom.js";
import { Tree } from "./json.js";
import { parts, steps } from "./reason.js";
import { statusOf, userOf } from "./row.js";

const TABS = ["JSON", "Request", "Limits"];

export class Details {
  #tab = TABS[0];
  #asked = 0;

  constructor(closed) {
    this.closed = closed;
    this.element = find("details");
    this.number = null;
  }

  get open() {
    return !this.element.hidden;
  }

  /** Fetch and show; of several that are asked for in turn only the last. */
  async show(number) {
    this.number = number;
    const asked = (this.#asked += 1);
    const answer = await fetch(`/live/arrivals/${number}`);
    const said = await answer.json();
    if (asked !== this.#asked) return;
    this.element.hidden = false;
    this.element.replaceChildren(...(answer.ok ? this.#contents(said) : [this.#head(make("h2", {}, "It is not kept any more"))]));
  }

  close() {
    this.#asked += 1;
    this.number = null;
    this.element.hidden = true;
    this.element.replaceChildren();
    this.closed();
  }

  #contents(said) {
    const { row } = said;
    const panels = { JSON: jsonOf(said), Request: requestOf(said), Limits: limitsOf(row) };
    const title = make("h2", { className: row.outcome }, userOf(row), statusOf(row));
    return [this.#head(title), aboutOf(row), ...problemOf(row), this.#tabs(panels), ...Object.values(panels)];
  }

  #head(title) {
    const close = make("button", { type: "button", className: "close", ariaLabel: "Close the details", title: "Close (Esc)", onclick: () => this.close() }, "✕");
    return make("header", {}, title, close);
  }

  #tabs(panels) {
    const buttons = TABS.map((name) => make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => choose(name) }, name));
    const choose = (name) => {
      this.#tab = name;
      buttons.forEach((button) => {
        const chosen = button.textContent === name;
        button.setAttribute("aria-selected", chosen);
        button.tabIndex = chosen ? 0 : -1;
      });
      for (const [one, panel] of Object.entries(panels)) panel.hidden = one !== name;
    };
    for (const [name, panel] of Object.entries(panels)) {
      panel.id = `panel-${name}`;
      panel.tabIndex = 0; // it scrolls
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", `tab-${name}`);
    }
    choose(this.#tab);
    const move = (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = buttons.at((TABS.indexOf(this.#tab) + by) % TABS.length);
      choose(next.textContent);
      next.focus();
    };
    return make("div", { className: "tabs", role: "tablist", ariaLabel: "Parts of the details", onkeydown: move }, buttons);
  }
}

function aboutOf(row) {
  const facts = [row.environment, counted(row.event_count ?? 0, "event"), bytes(row.size), clock(row.at)];
  return make("p", { className: "about" }, make("bdi", {}, facts.filter(Boolean).join(" · ")));
}

function problemOf(row) {
  if (!row.reason) return [];
  const { path, text } = parts(row.reason);
  return [make("p", { className: `problem ${row.outcome}` }, path && make("code", {}, path), make("bdi", {}, text))];
}

function jsonOf({ document: text, row }) {
  if (!text) return make("div", { className: "panel" }, make("p", { className: "nobody" }, "Nothing of a body was read."));
  let tree;
  try {
    tree = new Tree(text);
  } catch {
    return make("div", { className: "panel" }, make("pre", { tabIndex: 0 }, text));
  }
  const { path } = parts(row.reason ?? "");
  if (path) tree.show(steps(path));
  return make("div", { className: "panel json" }, toolsOf(tree, text), tree.element);
}

function toolsOf(tree, text) {
  const place = make("output", {});
  const find = (event) => (place.textContent = event.target.value ? tree.search(event.target.value) : (tree.search(""), ""));
  const step = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    place.textContent = tree.step(event.shiftKey ? -1 : 1);
  };
  const search = make("input", { type: "search", placeholder: "Search the JSON", ariaLabel: "Search the JSON", title: "Enter goes to the next", spellcheck: false, oninput: find, onkeydown: step });
  const button = (label, onclick) => make("button", { type: "button", onclick }, label);
  return make(
    "div",
    { className: "tools" },
    search,
    place,
    button("Unfold", () => tree.unfold()),
    button("Fold", () => tree.fold()),
    button("Copy", (event) => copy(text, event.target)),
  );
}

function requestOf({ row, method, seconds, request_size: size, index, headers }) {
  const facts = {
    Request: `${method} ${row.path}`,
    Status: row.status === null ? "closed without an answer" : String(row.status),
    Arrived: `${new Date(row.at).toLocaleDateString()} ${clock(row.at)}`,
    Answered: `after ${(seconds * 1000).toFixed(1)} ms`,
    Body: `${grouped(size)} bytes`,
    Batch: row.outcome === "refused" ? counted(row.batches, "batch", "batches") : `number ${index + 1} of the request, ${bytes(row.size)}`,
  };
  return make(
    "div",
    { className: "panel" },
    listOf(Object.entries(facts)),
    make("h3", {}, "Headers"),
    listOf(Object.entries(headers)),
    make("p", { className: "nobody" }, "Credentials are not kept."),
  );
}

function listOf(entries) {
  return make("dl", {}, entries.flatMap(([name, value]) => [make("dt", {}, make("bdi", {}, name)), make("dd", {}, make("bdi", {}, value))]));
}

function limitsOf(row) {
  const lines = (row.meters ?? []).map(([limit, used, most]) =>
    make("li", {}, make("span", {}, limit), make("span", { className: "used" }, `${grouped(used)} of ${grouped(most)}`), bar({ used, most })),
  );
  return make("div", { className: "panel" }, make("ul", { className: "limits" }, lines));
}
