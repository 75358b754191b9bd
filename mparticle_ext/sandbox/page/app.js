// The page: what arrives comes in through one stream, and is drawn at most once a frame.

import { copy, counted, find, grouped, make, post } from "./dom.js";
import { Details } from "./details.js";
import { Faults } from "./faults.js";
import { List } from "./list.js";
import { Rows } from "./rows.js";

const rows = new Rows();
const faults = new Faults();
const details = new Details(closed);
const list = new List(rows, opened);
const filter = find("filter").elements;
const narrow = matchMedia("(max-width: 900px)");
const base = `${location.origin}/v2`;
let run = null;
let counts = { taken: 0, dropped: 0, refused: 0 };

// --- What arrives ---------------------------------------------------------------------------------------------------

const stream = new EventSource("/live/stream");
stream.onopen = () => live("Live");
stream.onerror = () => live("Reconnecting");
stream.onmessage = ({ data }) => {
  const said = JSON.parse(data);
  if (said.run !== run) begin(said.run);
  live(said.behind ? "Catching up" : "Live");
  counts = said.counts;
  rows.add(said.rows, said.first);
  faults.update(said);
  example(said.default_keys);
  offerTypes();
  show();
};

/** Another sandbox, perhaps at the same address. */
function begin(another) {
  run = another;
  rows.clear();
  list.clear();
}

function live(state) {
  if (find("live").textContent === state) return; // each change is read out
  find("live").textContent = state;
  find("live").classList.toggle("on", state === "Live");
}

function show() {
  const { taken, dropped, refused } = counts;
  const of = rows.shown.length === rows.length ? "" : `${grouped(rows.shown.length)} shown of `;
  find("counts").textContent = `${of}${grouped(taken)} taken · ${grouped(dropped)} dropped · ${grouped(refused)} refused`;
  find("empty").hidden = rows.length > 0 || run === null;
  find("none").hidden = rows.length === 0 || rows.shown.length > 0;
  list.refresh();
}

function offerTypes() {
  const offered = new Set([...filter.type.options].map((option) => option.value));
  const missing = [...rows.types].filter((type) => !offered.has(type));
  filter.type.append(...missing.map((type) => make("option", {}, type)));
}

function example(defaultKeys) {
  const [key, secret] = defaultKeys ? ["sandbox-key", "sandbox-secret"] : ["<key>", "<secret>"];
  find("example").textContent = [
    "from mparticle_ext import AppEvent, Batch, Configuration, EventsApi",
    `api = EventsApi(Configuration("${key}", "${secret}", base_url="${base}"))`,
    'api.upload_events(Batch("development", events=[AppEvent("other", "Hello World")]))',
  ].join("\n");
}

// --- The filter -----------------------------------------------------------------------------------------------------

function refilter() {
  rows.refilter({
    text: filter.text.value.trim().toLowerCase(),
    environment: filter.environment.value,
    type: filter.type.value,
    problems: find("problems").getAttribute("aria-pressed") === "true",
  });
  list.toTop();
  show();
}

function problems(only) {
  find("problems").setAttribute("aria-pressed", only);
  refilter();
}

find("filter").addEventListener("input", refilter);
find("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  list.viewport.focus();
});
find("problems").addEventListener("click", () => problems(find("problems").getAttribute("aria-pressed") !== "true"));
find("unfilter").addEventListener("click", () => {
  find("filter").reset();
  problems(false);
  list.viewport.focus();
});

// --- The details ----------------------------------------------------------------------------------------------------

/** Arrow keys carry open details along; a click or Enter opens them. */
async function opened(row, asked) {
  if (!asked && !details.open) return;
  await details.show(row.number);
  if (!details.open) return; // closed meanwhile
  find("main").classList.add("split");
  cover();
  if (asked) list.activate(row.number);
  if (asked && narrow.matches) details.element.querySelector(".close").focus();
}

function closed() {
  find("main").classList.remove("split");
  cover();
  list.viewport.focus();
}

/** On a narrow screen the details cover the list, which the keys must not reach then. */
function cover() {
  find("arrivals").inert = narrow.matches && details.open;
}

narrow.addEventListener("change", cover);

// --- The rest -------------------------------------------------------------------------------------------------------

find("address").firstElementChild.textContent = base;
find("address").addEventListener("click", () => copy(base, find("address").firstElementChild));
find("copy-example").addEventListener("click", (event) => copy(find("example").textContent, event.target));
find("clear").addEventListener("click", () => post("/live/clear").then(() => details.open && details.close()));

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    filter.text.focus();
  } else if (event.key === "Escape") {
    if (details.open) details.close();
    else if (faults.open) faults.show(false);
    else list.viewport.focus();
  }
});
