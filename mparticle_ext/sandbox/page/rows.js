// What the page knows of what arrived, and which of it the filter lets through. Both in the order of arrival.

const MOST = 10_000;

export class Rows {
  #all = [];
  #texts = new Map();

  constructor() {
    this.shown = [];
    this.types = new Set();
    this.filter = { text: "", environment: "", type: "", problems: false };
  }

  get length() {
    return this.#all.length;
  }

  /** Add what arrived, and let go of what is older than `first` or too much. */
  add(rows, first) {
    for (const row of rows) {
      this.#all.push(row);
      this.#texts.set(row.number, textOf(row));
      row.types?.forEach((type) => this.types.add(type));
      if (this.#passes(row)) this.shown.push(row);
    }
    this.#forget(Math.max(first, (this.#all.at(-1)?.number ?? 0) - MOST + 1));
  }

  clear() {
    this.#forget(Infinity);
    this.types.clear();
  }

  refilter(filter) {
    this.filter = filter;
    this.shown = this.#all.filter((row) => this.#passes(row));
  }

  /** The place among those that are shown, the newest first; -1 for none. */
  placeOf(number) {
    const index = from(this.shown, number);
    return this.shown[index]?.number === number ? this.shown.length - 1 - index : -1;
  }

  /** How many of those that are shown came after this one. */
  countAfter(number) {
    return this.shown.length - from(this.shown, number + 1);
  }

  at(place) {
    return this.shown[this.shown.length - 1 - place];
  }

  #forget(first) {
    const gone = this.#all.splice(0, from(this.#all, first));
    gone.forEach((row) => this.#texts.delete(row.number));
    this.shown.splice(0, from(this.shown, first));
  }

  #passes(row) {
    const { text, environment, type, problems } = this.filter;
    return (
      (!problems || row.outcome !== "taken") &&
      (!environment || row.environment === environment) &&
      (!type || (row.types ?? []).includes(type)) &&
      (!text || this.#texts.get(row.number).includes(text))
    );
  }
}

function textOf(row) {
  const identities = (row.identities ?? []).map(([, value]) => value);
  const events = (row.events ?? []).map(([, name]) => name);
  return [...identities, ...events].join("\n").toLowerCase();
}

/** The index of the first row with this number or a later one. */
function from(rows, number) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
