// JSON as a tree that folds and can be searched. Numbers keep their digits: a 64-bit ID is more than a number of JavaScript.

import { counted, make } from "./dom.js";

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[[\]{}]/g;
const OPEN_AT_MOST = 120; // lines of a document that is shown unfolded

/** A document as nodes: {key, text} or {key, children, brackets}. Throws where it is no JSON. */
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
  #elements = new Map(); // of the nodes that were unfolded once
  #found = [];
  #at = -1;

  constructor(text) {
    this.root = parse(text);
    this.element = make("div", { className: "tree" }, this.#elementOf(this.root));
    if (size(this.root) <= OPEN_AT_MOST) this.unfold();
    else this.reveal([]);
  }

  unfold(root = this.root) {
    walk(root, (path) => this.#open(path.at(-1)));
  }

  fold() {
    this.#elements.forEach((element, node) => (element.open = node === this.root));
  }

  /** Bring what stands at a path, or the last part of it that there is, into view. */
  show(keys) {
    const path = [this.root];
    for (const key of keys) {
      const child = path.at(-1).children?.find((one) => one.key === key);
      if (!child) break;
      path.push(child);
    }
    this.reveal(path);
    this.#elements.get(path.at(-1)).classList.add("culprit");
  }

  /** Find a text in keys and values, and go to the first. */
  search(text) {
    this.#found.forEach((path) => this.#elements.get(path.at(-1))?.classList.remove("found", "current"));
    this.#found = [];
    this.#at = -1;
    const sought = text.toLowerCase();
    if (sought) walk(this.root, (path) => matches(path.at(-1), sought) && this.#found.push([...path]));
    this.#found.forEach((path) => this.#elements.get(path.at(-1))?.classList.add("found"));
    return this.step(1);
  }

  /** Go to the next that was found, or back, and say where that is. */
  step(by) {
    const count = this.#found.length;
    if (!count) return "none";
    if (this.#at >= 0) this.#elements.get(this.#found[this.#at].at(-1)).classList.remove("current");
    this.#at = (this.#at + by + count) % count;
    const path = this.#found[this.#at];
    this.reveal(path);
    this.#elements.get(path.at(-1)).classList.add("found", "current");
    return `${this.#at + 1} of ${count}`;
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
    const sought = new Set(this.#found.map((path) => path.at(-1)));
    const children = node.children.map((child) => this.#elementOf(child));
    node.children.forEach((child) => sought.has(child) && this.#elements.get(child).classList.add("found"));
    element.append(make("div", { className: "children" }, children));
  }

  #elementOf(node) {
    const element = node.children?.length ? this.#branch(node) : leaf(node);
    this.#elements.set(node, element);
    return element;
  }

  #branch(node) {
    const [open, close] = node.brackets;
    const many = open === "[" ? counted(node.children.length, "entry", "entries") : counted(node.children.length, "field");
    const summary = make("summary", {}, label(node), make("span", { className: "folded" }, `${open} ${many} ${close}`), make("span", { className: "unfolded" }, open));
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

function matches(node, sought) {
  return node.key.toLowerCase().includes(sought) || Boolean(node.text?.toLowerCase().includes(sought));
}

function size(node) {
  return 1 + (node.children ?? []).reduce((sum, child) => sum + size(child), 0);
}

function walk(node, seen, path = []) {
  path.push(node);
  seen(path);
  node.children?.forEach((child) => walk(child, seen, path));
  path.pop();
}
