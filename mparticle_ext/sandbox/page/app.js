// The page: it gets all data from one event stream, and draws at most once per frame.

import { copy, find, formatted, make, post } from "./dom.js";
import { Details } from "./details.js";
import { Faults } from "./faults.js";
import { List } from "./list.js";
import { Rows } from "./rows.js";

const rows = new Rows();
const faults = new Faults();
const details = new Details(onClose);
const list = new List(rows, onOpen);
const filter = find("filter").elements;
const narrow = matchMedia("(max-width: 900px)");
const baseUrl = `${location.origin}/v2`;
let runId = null;
let counts = { taken: 0, dropped: 0, refused: 0 };

// --- The event stream -----------------------------------------------------------------------------------------------

const stream = new EventSource("/live/stream");
stream.onopen = () => showConnection("Live");
stream.onerror = () => showConnection("Reconnecting");
stream.onmessage = (event) => {
  const state = JSON.parse(event.data);
  if (state.run_id !== runId) reset(state.run_id);
  showConnection(state.is_behind ? "Catching up" : "Live");
  counts = state.counts;
  rows.add(state.rows, state.first);
  faults.update(state);
  showExample(state.default_keys);
  find("violations").hidden = !state.data_plan;
  addTypeOptions();
  refresh();
};

/** Start again for another sandbox, which may have the same address. */
function reset(newRunId) {
  runId = newRunId;
  rows.clear();
  list.clear();
}

function showConnection(state) {
  if (find("live").textContent === state) return; // screen readers announce each change
  find("live").textContent = state;
  find("live").classList.toggle("on", state === "Live");
}

function refresh() {
  const { taken, dropped, refused } = counts;
  const shown = rows.shown.length === rows.length ? "" : `${formatted(rows.shown.length)} shown of `;
  find("counts").textContent = `${shown}${formatted(taken)} taken · ${formatted(dropped)} dropped · ${formatted(refused)} refused`;
  find("empty").hidden = rows.length > 0 || runId === null;
  find("no-match").hidden = rows.length === 0 || rows.shown.length > 0;
  list.refresh();
}

function addTypeOptions() {
  const existing = new Set([...filter.type.options].map((option) => option.value));
  const missing = [...rows.types].filter((type) => !existing.has(type));
  filter.type.append(...missing.map((type) => make("option", {}, type)));
}

function showExample(defaultKeys) {
  const [key, secret] = defaultKeys ? ["sandbox-key", "sandbox-secret"] : ["<key>", "<secret>"];
  find("example").textContent = [
    "from mparticle_ext import AppEvent, Batch, Configuration, EventsApi",
    `api = EventsApi(Configuration("${key}", "${secret}", base_url="${baseUrl}"))`,
    'api.upload_events(Batch("development", events=[AppEvent("other", "Hello World")]))',
  ].join("\n");
}

// --- The filter -----------------------------------------------------------------------------------------------------

function applyFilter() {
  rows.setFilter({
    text: filter.text.value.trim().toLowerCase(),
    environment: filter.environment.value,
    type: filter.type.value,
    problems: isPressed("problems"),
    violations: isPressed("violations"),
  });
  list.scrollToTop();
  refresh();
}

const isPressed = (button) => find(button).getAttribute("aria-pressed") === "true";

function press(button, pressed) {
  find(button).setAttribute("aria-pressed", pressed);
  applyFilter();
}

find("filter").addEventListener("input", applyFilter);
find("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  list.viewport.focus();
});
for (const button of ["problems", "violations"]) find(button).addEventListener("click", () => press(button, !isPressed(button)));
find("clear-filter").addEventListener("click", () => {
  find("filter").reset();
  press("problems", false);
  press("violations", false);
  list.viewport.focus();
});

// --- The details ----------------------------------------------------------------------------------------------------

/** Show the details of a row. The arrow keys change open details only; a click or Enter opens them. */
async function onOpen(row, open) {
  if (!open && !details.isOpen) return;
  await details.show(row.number);
  if (!details.isOpen) return; // closed while they were fetched
  find("main").classList.add("split");
  updateInert();
  if (open) list.select(row.number);
  if (open && narrow.matches) details.element.querySelector(".close").focus();
}

function onClose() {
  find("main").classList.remove("split");
  updateInert();
  list.viewport.focus();
}

/** On a narrow screen the details cover the list: the keyboard must not reach it. */
function updateInert() {
  find("batches").inert = narrow.matches && details.isOpen;
}

narrow.addEventListener("change", updateInert);

// --- Buttons and keys -----------------------------------------------------------------------------------------------

find("address").firstElementChild.textContent = baseUrl;
find("address").addEventListener("click", () => copy(baseUrl, find("address").firstElementChild));
find("copy-example").addEventListener("click", (event) => copy(find("example").textContent, event.target));
find("clear").addEventListener("click", () => post("/live/clear").then(() => details.isOpen && details.close()));

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input, select, textarea");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    filter.text.focus();
  } else if (event.key === "Escape") {
    if (details.isOpen) details.close();
    else if (faults.isOpen) faults.toggle(false);
    else list.viewport.focus();
  }
});
