// The forms that inject faults, and the list of active faults.

import { find, formatted, make, plural, post } from "./dom.js";

const AFTER = {
  headers: "connection closed before the body is read",
  request: "connection closed, no batch taken",
  taken: "batches taken, then connection closed",
};

export class Faults {
  #shownState = "";
  #shownSettings = "";

  constructor() {
    this.panel = find("faults");
    this.button = find("faults-toggle");
    this.error = find("faults-error");
    this.button.addEventListener("click", () => this.toggle(this.panel.hidden));
    this.#onSubmit("fail", (form) => post("/live/fail", { status: number(form.status), times: number(form.times), retry_after: number(form.retry_after) }));
    this.#onSubmit("drop", (form) => post("/live/drop", { after: form.after.value, times: number(form.times) }));
    this.#onSubmit("settings", (form) => post("/live/settings", { latency: number(form.latency) / 1000, rate_limit: number(form.rate_limit) }));
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  toggle(open) {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", open);
    (open ? this.panel.querySelector("select") : this.button).focus();
  }

  /** Show the faults and settings that the sandbox reports. */
  update({ latency, rate_limit, pending }) {
    const state = JSON.stringify([latency, rate_limit, pending]);
    if (state === this.#shownState) return;
    this.#shownState = state;
    this.#fillSettings(latency, rate_limit);
    this.#showChips([
      latency > 0 && this.#chip(`Latency: ${milliseconds(latency)} ms`, "latency", () => post("/live/settings", { latency: 0 })),
      rate_limit !== null && this.#chip(`Rate limit: ${formatted(rate_limit)} batches per second`, "rate limit", () => post("/live/settings", { rate_limit: null })),
      ...pending.map((fault) => this.#faultChip(fault)),
    ].filter(Boolean));
  }

  #showChips(chips) {
    const active = find("active-faults");
    const hadFocus = active.contains(document.activeElement);
    active.hidden = !chips.length;
    active.firstElementChild.replaceChildren(...chips);
    if (hadFocus) (active.querySelector("button") ?? this.button).focus();
  }

  #faultChip({ number, left, status, after }) {
    const requests = left === 1 ? "Next request" : `Next ${plural(left, "request")}`;
    const effect = status ? `status ${status}` : AFTER[after];
    return this.#chip(`${requests}: ${effect}`, `${effect}, ${plural(left, "request")}`, () => post("/live/undo", { number }));
  }

  #chip(text, name, remove) {
    const button = make("button", { type: "button", ariaLabel: `Remove: ${name}`, title: "Remove", onclick: () => this.#try(remove) }, "✕");
    return make("li", {}, text, button);
  }

  #onSubmit(id, send) {
    find(id).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(() => send(event.target.elements));
    });
  }

  async #try(control) {
    try {
      await control();
      this.error.hidden = true;
    } catch (error) {
      this.error.textContent = error.message;
      this.error.hidden = false;
    }
  }

  /** Fill the settings form if the settings changed. Otherwise the user may be typing in it. */
  #fillSettings(latency, rateLimit) {
    const settings = JSON.stringify([latency, rateLimit]);
    if (settings === this.#shownSettings) return;
    this.#shownSettings = settings;
    const form = find("settings").elements;
    form.latency.value = milliseconds(latency);
    form.rate_limit.value = rateLimit ?? "";
  }
}

function number(input) {
  return input.value === "" ? null : Number(input.value);
}

function milliseconds(seconds) {
  return Math.round(seconds * 1e6) / 1e3;
}
