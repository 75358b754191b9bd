// A list of any length of which only what is in view is in the document.

import { find, grouped, make } from "./dom.js";
import { rowOf } from "./row.js";

const BEYOND = 8; // rows above and below what is in view

export class List {
  #elements = new Map();
  #newest = 0;
  #unseen = 0; // came while the list was scrolled down
  #waiting = false;
  #height = 0;

  constructor(rows, opened) {
    this.rows = rows;
    this.opened = opened;
    this.active = null; // the number of the row that the keys are at
    this.viewport = find("list");
    this.newer = find("newer");
    this.space = make("div", { className: "space", role: "presentation" });
    this.viewport.append(this.space);
    this.viewport.addEventListener("scroll", () => this.refresh());
    this.viewport.addEventListener("keydown", (event) => this.#key(event));
    this.viewport.addEventListener("click", (event) => this.#click(event));
    this.newer.addEventListener("click", () => this.toTop());
    new ResizeObserver(() => this.#measure()).observe(this.viewport);
  }

  /** Draw at the next frame, once however often it is asked for. */
  refresh() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#keepPlace();
      this.#draw();
    });
  }

  /** Forget what was drawn: the numbers begin anew. */
  clear() {
    this.#discard();
    this.#newest = 0;
    this.active = null;
  }

  toTop() {
    this.viewport.scrollTop = 0;
    this.refresh();
  }

  /** Make a row the one that the keys are at, and bring it into view. */
  activate(number) {
    this.active = number;
    const top = this.rows.placeOf(number) * this.#height;
    const { scrollTop, clientHeight } = this.viewport;
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) {
      this.viewport.scrollTop = top + this.#height - clientHeight;
    }
    this.refresh();
  }

  #measure() {
    const height = parseFloat(getComputedStyle(this.space).getPropertyValue("--row"));
    const place = this.#height ? this.viewport.scrollTop / this.#height : 0;
    if (height === this.#height) return this.refresh();
    this.#height = height;
    this.#resize();
    this.viewport.scrollTop = place * height;
    this.#discard();
    this.refresh();
  }

  #discard() {
    this.space.replaceChildren();
    this.#elements.clear();
  }

  #resize() {
    this.space.style.height = `${this.rows.shown.length * this.#height}px`;
  }

  /** What arrives above must not move what is being read below. */
  #keepPlace() {
    this.#resize();
    const newer = this.rows.countAfter(this.#newest);
    this.#newest = Math.max(this.#newest, this.rows.at(0)?.number ?? 0);
    const reading = this.viewport.scrollTop >= this.#height / 2;
    if (reading && newer) this.viewport.scrollTop += newer * this.#height;
    this.#unseen = reading ? this.#unseen + newer : 0;
    this.newer.hidden = !this.#unseen;
    this.newer.textContent = `↑ ${grouped(this.#unseen)} newer`;
  }

  #draw() {
    const { scrollTop, clientHeight } = this.viewport;
    const first = Math.max(0, Math.floor(scrollTop / this.#height) - BEYOND);
    const last = Math.min(this.rows.shown.length, Math.ceil((scrollTop + clientHeight) / this.#height) + BEYOND);
    const drawn = this.#elements;
    this.#elements = new Map();
    for (let place = first; place < last; place += 1) {
      const row = this.rows.at(place);
      this.#elements.set(row.number, drawn.get(row.number) ?? rowOf(row));
    }
    drawn.forEach((element, number) => this.#elements.has(number) || element.remove());
    [...this.#elements].forEach(([number, element], index) => this.#place(number, element, first + index, index));
    const active = this.#elements.get(this.active);
    if (active) this.viewport.setAttribute("aria-activedescendant", active.id);
    else this.viewport.removeAttribute("aria-activedescendant");
  }

  #place(number, element, place, index) {
    const neighbour = this.space.children[index]; // in the order that is seen, for those who hear it
    if (neighbour !== element) this.space.insertBefore(element, neighbour ?? null);
    element.style.transform = `translateY(${place * this.#height}px)`;
    element.setAttribute("aria-posinset", place + 1);
    element.setAttribute("aria-setsize", this.rows.shown.length);
    element.setAttribute("aria-selected", number === this.active);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const place = this.rows.placeOf(this.active);
    const page = Math.max(1, Math.floor(this.viewport.clientHeight / this.#height) - 1);
    const last = this.rows.shown.length - 1;
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: last }[event.key];
    if (to !== undefined) this.#go(Math.max(0, Math.min(last, to)));
    else if ((event.key === "Enter" || event.key === " ") && place >= 0) this.opened(this.rows.at(place), true);
    else return;
    event.preventDefault();
  }

  #go(place) {
    const row = this.rows.at(place);
    if (!row) return;
    this.activate(row.number);
    this.opened(row, false);
  }

  #click(event) {
    const element = event.target.closest("[role=option]");
    if (!element) return;
    this.active = Number(element.dataset.number);
    this.refresh();
    this.opened(this.rows.at(this.rows.placeOf(this.active)), true);
  }
}
