// Loads Python and the SDK from this site, and checks the text at each change.
// Text gets into the page only as text content, so that it cannot run.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const PAUSE_MS = 120; // after a key, before the check
const [batch, lines, summary, faults, example] = ["batch", "lines", "summary", "faults", "example"].map(find);
let python;
let timer;
let marked = new Set(); // the lines with a fault

function find(id) {
  return document.getElementById(id);
}

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

async function fetched(name) {
  const response = await fetch(name, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
}

async function load() {
  const base = new URL(".", import.meta.url).href;
  const pyodide = await loadPyodide({ indexURL: `${base}pyodide/` });
  const wheels = await (await fetched("wheels.json")).json();
  await pyodide.loadPackage(wheels.map((wheel) => `${base}wheels/${wheel}`), { messageCallback: () => {} });
  pyodide.runPython(await (await fetched("check.py")).text());
  return { check: pyodide.globals.get("check"), examples: pyodide.globals.get("examples") };
}

function check() {
  let result;
  try {
    result = JSON.parse(python.check(batch.value));
  } catch (error) {
    result = { faults: [], failed: true, summary: `The check failed: ${error.message}` };
  }
  summary.className = `summary ${result.failed || result.faults.length ? "bad" : "good"}`;
  summary.textContent = result.summary;
  faults.replaceChildren(...result.faults.map(row));
  find("code").hidden = !result.program;
  find("program").textContent = result.program;
  marked = new Set(result.faults.map((fault) => fault.line));
  number();
}

function row({ line, path, problem }) {
  const text = path ? [make("code", "", path), `: ${problem}`] : [problem];
  const button = make("button", "", make("b", "", `Line ${line}`), " ", make("span", "", ...text));
  button.type = "button";
  button.addEventListener("click", () => select(line));
  return make("li", "", button);
}

/** Number the lines, and mark those with a fault. */
function number() {
  const count = batch.value.split("\n").length;
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  lines.replaceChildren(...numbers.map((line) => make("div", marked.has(line) ? "fault" : "", String(line))));
  lines.scrollTop = batch.scrollTop;
}

function select(line) {
  const before = batch.value.split("\n").slice(0, line - 1);
  const start = before.join("\n").length + (line > 1 ? 1 : 0);
  const end = batch.value.indexOf("\n", start);
  batch.focus();
  batch.setSelectionRange(start, end < 0 ? batch.value.length : end);
  batch.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(batch).lineHeight));
}

function onInput() {
  number();
  clearTimeout(timer);
  if (python) timer = setTimeout(check, PAUSE_MS);
}

async function copy() {
  await navigator.clipboard.writeText(find("program").textContent);
  find("copy").textContent = "Copied";
  setTimeout(() => (find("copy").textContent = "Copy"), 1200);
}

async function start() {
  batch.addEventListener("input", onInput);
  batch.addEventListener("scroll", () => (lines.scrollTop = batch.scrollTop));
  find("copy").addEventListener("click", copy);
  number();
  try {
    python = await load();
  } catch (error) {
    summary.className = "summary bad";
    summary.textContent = `Python could not be loaded: ${error.message}: reload the page`;
    return;
  }
  const examples = JSON.parse(python.examples());
  example.append(...Object.keys(examples).filter(Boolean).map((name) => new Option(name, name)));
  example.addEventListener("change", () => fill(examples[example.value]));
  example.disabled = false;
  if (batch.value) check();
  else fill(examples[""]);
}

function fill(text) {
  batch.value = text;
  batch.scrollTop = 0;
  check();
}

start();
