// The stored rows, and those that match the filter. Both are in the order of arrival.

const MAX_ROWS = 10_000;

export class Rows {
  #all = [];
  #texts = new Map();

  constructor() {
    this.shown = [];
    this.types = new Set();
    this.filter = { text: "", environment: "", type: "", problems: false, violations: false };
  }

  get length() {
    return this.#all.length;
  }

  /** Add new rows. Remove the rows before the number `first`, and the oldest above the maximum. */
  add(rows, first) {
    for (const row of rows) {
      this.#all.push(row);
      this.#texts.set(row.number, searchText(row));
      row.types?.forEach((type) => this.types.add(type));
      if (this.#matches(row)) this.shown.push(row);
    }
    this.#removeBefore(Math.max(first, (this.#all.at(-1)?.number ?? 0) - MAX_ROWS + 1));
  }

  clear() {
    this.#removeBefore(Infinity);
    this.types.clear();
  }

  setFilter(filter) {
    this.filter = filter;
    this.shown = this.#all.filter((row) => this.#matches(row));
  }

  /** The position of a row among the shown rows, the newest first; -1 if it is not shown. */
  positionOf(number) {
    const index = indexFrom(this.shown, number);
    return this.shown[index]?.number === number ? this.shown.length - 1 - index : -1;
  }

  /** How many shown rows are newer than this one. */
  countAfter(number) {
    return this.shown.length - indexFrom(this.shown, number + 1);
  }

  at(position) {
    return this.shown[this.shown.length - 1 - position];
  }

  #removeBefore(number) {
    const removed = this.#all.splice(0, indexFrom(this.#all, number));
    removed.forEach((row) => this.#texts.delete(row.number));
    this.shown.splice(0, indexFrom(this.shown, number));
  }

  #matches(row) {
    const { text, environment, type, problems, violations } = this.filter;
    return (
      (!problems || row.outcome !== "taken") &&
      (!violations || row.violations) &&
      (!environment || row.environment === environment) &&
      (!type || (row.types ?? []).includes(type)) &&
      (!text || this.#texts.get(row.number).includes(text))
    );
  }
}

function searchText(row) {
  const identities = (row.identities ?? []).map(([, value]) => value);
  const events = (row.events ?? []).map(([, name]) => name);
  return [...identities, ...events].join("\n").toLowerCase();
}

/** The index of the first row with this number or a higher one, by binary search. */
function indexFrom(rows, number) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
