// Elements and texts. What arrived reaches the page through textContent alone, so nothing of it can run.

const NUMBER = new Intl.NumberFormat("en");

/** An element with properties; children are elements or texts, and those that are false or null are left out. */
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

export function grouped(number) {
  return NUMBER.format(number);
}

export function counted(number, one, several = `${one}s`) {
  return `${grouped(number)} ${number === 1 ? one : several}`;
}

export function bytes(size) {
  if (size < 1024) return `${size} B`;
  return size < 1024 * 1024 ? `${(size / 1024).toFixed(1)} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`;
}

/** A time of day to the millisecond, as local clocks show it. */
export function clock(unixtimeMs) {
  const time = new Date(unixtimeMs);
  const two = (number) => String(number).padStart(2, "0");
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${parts}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

/** How much of a limit is used, as a bar; its colour says how near it is. */
export function bar({ used, most }) {
  const share = used / most;
  const fill = make("i");
  fill.style.width = `${Math.max(4, Math.min(100, share * 100))}%`;
  return make("span", { className: `bar ${share > 1 ? "over" : share >= 0.8 ? "near" : ""}` }, fill);
}

/** Copy a text, and say so on the button for a moment. */
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

/** Send a change to the sandbox. Throws what it says against it. */
export async function post(path, body = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.json()).error);
}
