// What goes wrong on purpose: the forms to ask for it, and what is still to come.

import { counted, find, grouped, make, post } from "./dom.js";

const AFTER = {
  headers: "closed before the body is read",
  request: "closed after the request, nothing taken",
  taken: "taken, then closed without an answer",
};

export class Faults {
  #said = "";
  #filled = "";

  constructor() {
    this.panel = find("faults");
    this.toggle = find("faults-toggle");
    this.error = find("faults-error");
    this.toggle.addEventListener("click", () => this.show(this.panel.hidden));
    this.#form("fail", (form) => post("/live/fail", { status: number(form.status), times: number(form.times), retry_after: number(form.retry_after) }));
    this.#form("drop", (form) => post("/live/drop", { after: form.after.value, times: number(form.times) }));
    this.#form("settings", (form) => post("/live/settings", { latency: number(form.latency) / 1000, rate_limit: number(form.rate_limit) }));
  }

  get open() {
    return !this.panel.hidden;
  }

  show(open) {
    this.panel.hidden = !open;
    this.toggle.setAttribute("aria-expanded", open);
    (open ? this.panel.querySelector("select") : this.toggle).focus();
  }

  /** What the sandbox says is in force. */
  update({ latency, rate_limit, pending }) {
    const said = JSON.stringify([latency, rate_limit, pending]);
    if (said === this.#said) return;
    this.#said = said;
    this.#fill(latency, rate_limit);
    this.#show([
      latency > 0 && this.#chip(`Each answer waits ${milliseconds(latency)} ms`, "the latency", () => post("/live/settings", { latency: 0 })),
      rate_limit !== null && this.#chip(`${grouped(rate_limit)} batches a second are taken`, "the rate limit", () => post("/live/settings", { rate_limit: null })),
      ...pending.map((fault) => this.#pending(fault)),
    ].filter(Boolean));
  }

  #show(chips) {
    const pending = find("pending");
    const focused = pending.contains(document.activeElement);
    pending.hidden = !chips.length;
    pending.firstElementChild.replaceChildren(...chips);
    if (focused) (pending.querySelector("button") ?? this.toggle).focus();
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

  /** Show the settings in their form, where they are not what it showed last: someone may be typing there. */
  #fill(latency, rateLimit) {
    const filled = JSON.stringify([latency, rateLimit]);
    if (filled === this.#filled) return;
    this.#filled = filled;
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
