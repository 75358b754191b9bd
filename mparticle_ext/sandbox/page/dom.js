// Helpers for elements and texts. Received data gets into the page only as text content, so that it cannot run.

const NUMBER = new Intl.NumberFormat("en");

/** Create an element. Children are elements or texts; false and null are left out. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

export function find(id) {
  return document.getElementById(id);
}

export function formatted(number) {
  return NUMBER.format(number);
}

export function plural(number, singular, plural = `${singular}s`) {
  return `${formatted(number)} ${number === 1 ? singular : plural}`;
}

export function bytes(size) {
  if (size < 1024) return `${size} B`;
  return size < 1024 * 1024 ? `${(size / 1024).toFixed(1)} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`;
}

/** The local time of day with milliseconds. */
export function clock(unixtimeMs) {
  const time = new Date(unixtimeMs);
  const padded = (number) => String(number).padStart(2, "0");
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map(padded).join(":");
  return `${parts}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

/** A bar for the use of a limit. Its colour warns near and above the limit. */
export function bar({ used, maximum }) {
  const share = used / maximum;
  const fill = make("i");
  fill.style.width = `${Math.max(4, Math.min(100, share * 100))}%`;
  return make("span", { className: `bar ${share > 1 ? "over" : share >= 0.8 ? "near" : ""}` }, fill);
}

/** Copy a text to the clipboard, and confirm it on the button. */
export async function copy(text, button) {
  const label = button.dataset.label ?? (button.dataset.label = button.textContent);
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  setTimeout(() => (button.textContent = label), 1200);
}

/** Send a control to the sandbox. Throws its error message. */
export async function post(path, body = {}) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error((await response.json()).error);
}
