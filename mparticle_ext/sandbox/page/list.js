// A virtual list: the document contains only the rows in view.

import { find, formatted, make } from "./dom.js";
import { rowElement } from "./row.js";

const OVERSCAN = 8; // rows above and below the view

export class List {
  #elements = new Map();
  #newest = 0;
  #unseen = 0; // rows that were added while the list was scrolled down
  #isScheduled = false;
  #height = 0;

  constructor(rows, onOpen) {
    this.rows = rows;
    this.onOpen = onOpen;
    this.selected = null; // the number of a row
    this.viewport = find("list");
    this.newer = find("newer");
    this.space = make("div", { className: "space", role: "presentation" });
    this.viewport.append(this.space);
    this.viewport.addEventListener("scroll", () => this.refresh());
    this.viewport.addEventListener("keydown", (event) => this.#onKey(event));
    this.viewport.addEventListener("click", (event) => this.#onClick(event));
    this.newer.addEventListener("click", () => this.scrollToTop());
    new ResizeObserver(() => this.#measure()).observe(this.viewport);
  }

  /** Draw at the next frame. Several calls draw once. */
  refresh() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#keepScrollPosition();
      this.#draw();
    });
  }

  /** Remove all elements: the row numbers start at 1 again. */
  clear() {
    this.#removeElements();
    this.#newest = 0;
    this.selected = null;
  }

  scrollToTop() {
    this.viewport.scrollTop = 0;
    this.refresh();
  }

  /** Select a row and scroll it into view. */
  select(number) {
    this.selected = number;
    const top = this.rows.positionOf(number) * this.#height;
    const { scrollTop, clientHeight } = this.viewport;
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) {
      this.viewport.scrollTop = top + this.#height - clientHeight;
    }
    this.refresh();
  }

  /** Read the row height from the style sheet. It depends on the width. */
  #measure() {
    const height = parseFloat(getComputedStyle(this.space).getPropertyValue("--row"));
    const position = this.#height ? this.viewport.scrollTop / this.#height : 0;
    if (height === this.#height) return this.refresh();
    this.#height = height;
    this.#resize();
    this.viewport.scrollTop = position * height;
    this.#removeElements();
    this.refresh();
  }

  #removeElements() {
    this.space.replaceChildren();
    this.#elements.clear();
  }

  #resize() {
    this.space.style.height = `${this.rows.shown.length * this.#height}px`;
  }

  /** New rows at the top must not move the rows that the user is reading. */
  #keepScrollPosition() {
    this.#resize();
    const newer = this.rows.countAfter(this.#newest);
    this.#newest = Math.max(this.#newest, this.rows.at(0)?.number ?? 0);
    const isScrolled = this.viewport.scrollTop >= this.#height / 2;
    if (isScrolled && newer) this.viewport.scrollTop += newer * this.#height;
    this.#unseen = isScrolled ? this.#unseen + newer : 0;
    this.newer.hidden = !this.#unseen;
    this.newer.textContent = `↑ ${formatted(this.#unseen)} newer`;
  }

  #draw() {
    const { scrollTop, clientHeight } = this.viewport;
    const first = Math.max(0, Math.floor(scrollTop / this.#height) - OVERSCAN);
    const last = Math.min(this.rows.shown.length, Math.ceil((scrollTop + clientHeight) / this.#height) + OVERSCAN);
    const previous = this.#elements;
    this.#elements = new Map();
    for (let position = first; position < last; position += 1) {
      const row = this.rows.at(position);
      this.#elements.set(row.number, previous.get(row.number) ?? rowElement(row));
    }
    previous.forEach((element, number) => this.#elements.has(number) || element.remove());
    [...this.#elements].forEach(([number, element], index) => this.#position(number, element, first + index, index));
    const selected = this.#elements.get(this.selected);
    if (selected) this.viewport.setAttribute("aria-activedescendant", selected.id);
    else this.viewport.removeAttribute("aria-activedescendant");
  }

  #position(number, element, position, index) {
    const current = this.space.children[index]; // the document order is the visible order, for screen readers
    if (current !== element) this.space.insertBefore(element, current ?? null);
    element.style.transform = `translateY(${position * this.#height}px)`;
    element.setAttribute("aria-posinset", position + 1);
    element.setAttribute("aria-setsize", this.rows.shown.length);
    element.setAttribute("aria-selected", number === this.selected);
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const position = this.rows.positionOf(this.selected);
    const page = Math.max(1, Math.floor(this.viewport.clientHeight / this.#height) - 1);
    const last = this.rows.shown.length - 1;
    const target = { ArrowDown: position + 1, ArrowUp: position - 1, PageDown: position + page, PageUp: position - page, Home: 0, End: last }[event.key];
    if (target !== undefined) this.#moveTo(Math.max(0, Math.min(last, target)));
    else if ((event.key === "Enter" || event.key === " ") && position >= 0) this.onOpen(this.rows.at(position), true);
    else return;
    event.preventDefault();
  }

  #moveTo(position) {
    const row = this.rows.at(position);
    if (!row) return;
    this.select(row.number);
    this.onOpen(row, false);
  }

  #onClick(event) {
    const element = event.target.closest("[role=option]");
    if (!element) return;
    this.selected = Number(element.dataset.number);
    this.refresh();
    this.onOpen(this.rows.at(this.rows.positionOf(this.selected)), true);
  }
}
