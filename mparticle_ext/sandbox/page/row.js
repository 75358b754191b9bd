// The elements of a row: a short summary of a batch.

import { bar, bytes, clock, make, plural } from "./dom.js";
import { splitReason } from "./reason.js";

export function rowElement(row) {
  const element = make(
    "div",
    { className: `row ${row.outcome}`, role: "option", id: `row-${row.number}` },
    make("span", { className: "time" }, clock(row.time)),
    statusElement(row),
    userElement(row),
    make("span", { className: `environment ${row.environment === "production" ? "production" : ""}` }, row.environment ?? ""),
    row.outcome === "taken" ? eventsElement(row) : reasonElement(row),
    make("span", { className: "size" }, bytes(row.size)),
    limitElement(row),
  );
  element.dataset.number = row.number;
  return element;
}

/** The HTTP status and the outcome. */
export function statusElement(row) {
  const isClosed = row.status === null;
  return make(
    "span",
    { className: "status", title: isClosed ? "The connection was closed without a response" : "" },
    make("b", {}, isClosed ? "closed" : String(row.status)),
    ` ${row.outcome}`,
  );
}

export function userElement(row) {
  const [kind, value] = row.identities?.[0] ?? [];
  if (value !== undefined) return make("span", { className: "user", title: `${kind}: ${value}` }, make("bdi", {}, value), make("small", {}, kind));
  return make("span", { className: "user muted" }, row.batches > 1 ? plural(row.batches, "batch", "batches") : "no identity");
}

function eventsElement(row) {
  const marks = [
    row.warnings && markElement("⚠", "surprising", row.warnings),
    row.violations && markElement("≠", "not as planned", row.violations.map((violation) => violation.slice(0, 2).join(": "))),
  ].filter(Boolean);
  if (!row.event_count) return make("span", { className: "events muted" }, marks, "no events");
  return make("span", { className: "events" }, make("span", { className: "count" }, String(row.event_count)), marks, row.events.map(eventElement));
}

function markElement(sign, ariaLabel, texts) {
  return make("span", { className: "mark", title: texts.join("\n"), role: "img", ariaLabel }, sign);
}

function eventElement([kind, name]) {
  const title = name ? `${kind}: ${name}` : kind;
  return make("span", { className: "event", title }, name ? make("bdi", {}, name) : false, make("small", {}, kind));
}

function reasonElement(row) {
  const { path, text } = splitReason(row.reason);
  return make("span", { className: "reason", title: row.reason }, path && make("code", {}, path), make("bdi", {}, text));
}

/** The limit of which the batch uses the highest share. */
function limitElement(row) {
  const [limit, used, maximum] = row.limits?.[0] ?? [];
  if (!limit) return make("span", { className: "limit" });
  return make("span", { className: "limit", title: `${limit}: ${used} of ${maximum}` }, bar({ used, maximum }));
}
