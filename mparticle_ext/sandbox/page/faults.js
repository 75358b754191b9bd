// What goes wrong on purpose: the forms to ask for it, and what is still to come.

import { counted, find, grouped, make, post } from "./dom.js";

const AFTER = {
  headers: "closed before the body is read",
  request: "closed after the request, nothing taken",
  taken: "taken, then closed without an answer",
};

export class Faults {
  #settings = { latency: 0, rate_limit: null };

  constructor() {
    this.panel = find("faults");
    this.toggle = find("faults-toggle");
    this.error = find("faults-error");
    this.toggle.addEventListener("click", () => this.show(this.panel.hidden));
    this.#form("fail", (form) => post("/live/fail", { status: number(form.status), times: number(form.times), retry_after: number(form.retry_after) }));
    this.#form("drop", (form) => post("/live/drop", { after: form.after.value, times: number(form.times) }));
    this.#form("settings", (form) => this.#set({ latency: number(form.latency) / 1000, rate_limit: number(form.rate_limit) }));
  }

  get open() {
    return !this.panel.hidden;
  }

  show(open) {
    this.panel.hidden = !open;
    this.toggle.setAttribute("aria-expanded", open);
    if (open) this.#fill();
    (open ? this.panel.querySelector("select") : this.toggle).focus();
  }

  /** What the sandbox says is in force. */
  update({ latency, rate_limit, pending }) {
    const changed = latency !== this.#settings.latency || rate_limit !== this.#settings.rate_limit;
    this.#settings = { latency, rate_limit };
    if (changed) this.#fill();
    const chips = [
      latency > 0 && this.#chip(`Each answer waits ${milliseconds(latency)} ms`, "the latency", () => this.#set({ ...this.#settings, latency: 0 })),
      rate_limit !== null && this.#chip(`${grouped(rate_limit)} batches a second are taken`, "the rate limit", () => this.#set({ ...this.#settings, rate_limit: null })),
      ...pending.map((fault) => this.#pending(fault)),
    ].filter(Boolean);
    find("pending").hidden = !chips.length;
    find("pending").replaceChildren(...chips);
  }

  #pending({ number, left, status, after }) {
    const next = left === 1 ? "Next request" : `Next ${counted(left, "request")}`;
    const what = status ? `answered with ${status}` : AFTER[after];
    return this.#chip(`${next}: ${what}`, `${what}, ${counted(left, "request")}`, () => post("/live/undo", { number }));
  }

  #chip(text, what, undo) {
    const button = make("button", { type: "button", ariaLabel: `Undo: ${what}`, title: "Undo", onclick: () => this.#try(undo) }, "✕");
    return make("li", {}, text, button);
  }

  #form(id, send) {
    find(id).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(() => send(event.target.elements));
    });
  }

  async #try(change) {
    try {
      await change();
      this.error.hidden = true;
    } catch (error) {
      this.error.textContent = error.message;
      this.error.hidden = false;
    }
  }

  #set(settings) {
    return post("/live/settings", settings);
  }

  #fill() {
    const { latency, rate_limit } = find("settings").elements;
    latency.value = milliseconds(this.#settings.latency);
    rate_limit.value = this.#settings.rate_limit ?? "";
  }
}

function number(input) {
  return input.value === "" ? null : Number(input.value);
}

function milliseconds(seconds) {
  return Math.round(seconds * 1e6) / 1e3;
}
