// JSON as a tree with folding and search. It keeps the text of numbers: JavaScript would round 64-bit IDs.

import { make, plural } from "./dom.js";

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[[\]{}]/g;
const MAX_UNFOLDED_NODES = 120; // a larger document is shown folded

/** Parse JSON into nodes: {key, text} or {key, children, brackets}. Throws if it is not JSON. */
export function parse(text) {
  JSON.parse(text);
  const tokens = text.matchAll(TOKEN);
  const next = () => tokens.next().value[0];
  return node(next(), "", next);
}

function node(token, key, next) {
  if (token === "{") return { key, brackets: "{}", children: members(next) };
  if (token === "[") return { key, brackets: "[]", children: entries(next) };
  return { key, text: token[0] === '"' ? JSON.stringify(JSON.parse(token)) : token };
}

function members(next) {
  const children = [];
  for (let token = next(); token !== "}"; token = next()) children.push(node(next(), JSON.parse(token), next));
  return children;
}

function entries(next) {
  const children = [];
  for (let token = next(); token !== "]"; token = next()) children.push(node(token, String(children.length), next));
  return children;
}

export class Tree {
  #elements = new Map(); // by node; created at the first unfolding
  #matches = []; // paths: lists of nodes from the root
  #current = -1;

  constructor(text) {
    this.root = parse(text);
    this.element = make("div", { className: "tree" }, this.#elementOf(this.root));
    if (size(this.root) <= MAX_UNFOLDED_NODES) this.unfold();
    else this.reveal([]);
  }

  unfold(root = this.root) {
    walk(root, (path) => this.#open(path.at(-1)));
  }

  fold() {
    this.#elements.forEach((element, node) => (element.open = node === this.root));
  }

  /** Mark the value at a path, or its nearest existing parent, as the error. */
  markError(keys) {
    const path = [this.root];
    for (const key of keys) {
      const child = path.at(-1).children?.find((node) => node.key === key);
      if (!child) break;
      path.push(child);
    }
    this.reveal(path);
    this.#elements.get(path.at(-1)).classList.add("error-node");
  }

  /** Search keys and values for a text, and go to the first match. */
  search(text) {
    this.#matches.forEach((path) => this.#elements.get(path.at(-1))?.classList.remove("found", "current"));
    this.#matches = [];
    this.#current = -1;
    const query = text.toLowerCase();
    if (query) walk(this.root, (path) => isMatch(path.at(-1), query) && this.#matches.push([...path]));
    this.#matches.forEach((path) => this.#elements.get(path.at(-1))?.classList.add("found"));
    return this.step(1);
  }

  /** Go to the next or the previous match, and return its position. */
  step(offset) {
    const count = this.#matches.length;
    if (!count) return "none";
    if (this.#current >= 0) this.#elements.get(this.#matches[this.#current].at(-1)).classList.remove("current");
    this.#current = (this.#current + offset + count) % count;
    const path = this.#matches[this.#current];
    this.reveal(path);
    this.#elements.get(path.at(-1)).classList.add("found", "current");
    return `${this.#current + 1} of ${count}`;
  }

  reveal(path) {
    [this.root, ...path.slice(0, -1)].forEach((node) => this.#open(node));
    if (path.length > 1) this.#elements.get(path.at(-1)).scrollIntoView({ block: "nearest" });
  }

  #open(node) {
    if (!node.children?.length) return;
    this.#fill(node);
    this.#elements.get(node).open = true;
  }

  #fill(node) {
    const element = this.#elements.get(node);
    if (element.childElementCount > 1) return;
    const matches = new Set(this.#matches.map((path) => path.at(-1)));
    const children = node.children.map((child) => this.#elementOf(child));
    node.children.forEach((child) => matches.has(child) && this.#elements.get(child).classList.add("found"));
    element.append(make("div", { className: "children" }, children));
  }

  #elementOf(node) {
    const element = node.children?.length ? this.#branch(node) : leaf(node);
    this.#elements.set(node, element);
    return element;
  }

  #branch(node) {
    const [open, close] = node.brackets;
    const count = open === "[" ? plural(node.children.length, "entry", "entries") : plural(node.children.length, "field");
    const summary = make("summary", {}, label(node), make("span", { className: "folded" }, `${open} ${count} ${close}`), make("span", { className: "unfolded" }, open));
    return make("details", { ontoggle: () => this.#fill(node) }, summary);
  }
}

function leaf(node) {
  const text = node.text ?? node.brackets;
  const kind = { '"': "string", t: "literal", f: "literal", n: "literal", "{": "empty", "[": "empty" }[text[0]] ?? "number";
  return make("div", { className: "leaf" }, label(node), make("bdi", { className: kind }, text));
}

function label(node) {
  return node.key !== "" && make("span", { className: "key" }, make("bdi", {}, node.key), ": ");
}

function isMatch(node, query) {
  return node.key.toLowerCase().includes(query) || Boolean(node.text?.toLowerCase().includes(query));
}

function size(node) {
  return 1 + (node.children ?? []).reduce((sum, child) => sum + size(child), 0);
}

function walk(node, visit, path = []) {
  path.push(node);
  visit(path);
  node.children?.forEach((child) => walk(child, visit, path));
  path.pop();
}
