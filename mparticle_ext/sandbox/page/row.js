// A row of the list: what is to be seen of a batch at a glance.

import { bar, bytes, clock, counted, make } from "./dom.js";
import { parts } from "./reason.js";

export function rowOf(row) {
  const element = make(
    "div",
    { className: `row ${row.outcome}`, role: "option", id: `row-${row.number}` },
    make("span", { className: "time" }, clock(row.at)),
    statusOf(row),
    userOf(row),
    make("span", { className: `environment ${row.environment === "production" ? "production" : ""}` }, row.environment ?? ""),
    row.outcome === "taken" ? eventsOf(row) : reasonOf(row),
    make("span", { className: "size" }, bytes(row.size)),
    limitOf(row),
  );
  element.dataset.number = row.number;
  return element;
}

/** The status and what became of it; a connection that was cut has none. */
export function statusOf(row) {
  const cut = row.status === null;
  return make(
    "span",
    { className: "status", title: cut ? "The connection was closed without an answer" : "" },
    make("b", {}, cut ? "cut" : String(row.status)),
    ` ${row.outcome}`,
  );
}

export function userOf(row) {
  const [kind, value] = row.identities?.[0] ?? [];
  if (value !== undefined) return make("span", { className: "user", title: `${kind}: ${value}` }, make("bdi", {}, value), make("small", {}, kind));
  return make("span", { className: "user nobody" }, row.batches > 1 ? counted(row.batches, "batch", "batches") : "no identity");
}

function eventsOf(row) {
  if (!row.event_count) return make("span", { className: "events nobody" }, "no events");
  return make("span", { className: "events" }, make("span", { className: "count" }, String(row.event_count)), row.events.map(eventOf));
}

function eventOf([kind, name]) {
  const title = name ? `${kind}: ${name}` : kind;
  return make("span", { className: "event", title }, name ? make("bdi", {}, name) : false, make("small", {}, kind));
}

function reasonOf(row) {
  const { path, text } = parts(row.reason);
  return make("span", { className: "reason", title: row.reason }, path && make("code", {}, path), make("bdi", {}, text));
}

function limitOf(row) {
  const nearest = row.meters?.[0];
  if (!nearest) return make("span", { className: "limit" });
  const [limit, used, most] = nearest;
  return make("span", { className: "limit", title: `${limit}: ${used} of ${most}` }, bar({ used, most }));
}
