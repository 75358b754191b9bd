// Why a batch was not taken: "batches[1]: events[0].data.event_name: is required" in its parts.

const PARTS = /^(batch(?:es)?(?:\[\d+\])?): (?:((?:[^:']|'[^']*')+): )?([^]*)$/;
const STEP = /\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\.?([^.[\]]+)/g;

/** The path, which may be empty, and the rest in words. */
export function parts(reason) {
  const [, , path = "", text] = PARTS.exec(reason) ?? [null, "", "", reason];
  return { path, text };
}

/** A path as the keys and indices that lead there. */
export function steps(path) {
  return [...path.matchAll(STEP)].map(([, index, quoted, name]) => index ?? quoted ?? name);
}
