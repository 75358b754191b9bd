// Parses the reason why a batch was not taken: "batches[1]: events[0].data.event_name: is required".

const PARTS = /^(batch(?:es)?(?:\[\d+\])?): (?:((?:[^:']|'[^']*')+): )?([^]*)$/;
const KEY = /\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\.?([^.[\]]+)/g;

/** The path, which may be empty, and the text after it. */
export function splitReason(reason) {
  const [, , path = "", text] = PARTS.exec(reason) ?? [null, "", "", reason];
  return { path, text };
}

/** The keys and indices of a path. */
export function pathKeys(path) {
  return [...path.matchAll(KEY)].map(([, index, quoted, name]) => index ?? quoted ?? name);
}
