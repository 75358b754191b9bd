// What the theme leaves out for people who use a keyboard or a screen reader: each copy button is in a landmark without a
// name, and a wide table scrolls in an element that cannot have the focus.
const seen = new WeakSet();
new MutationObserver(() => {
  document.querySelectorAll(".md-code__nav, .md-typeset__scrollwrap").forEach((element, index) => {
    if (seen.has(element)) return;
    seen.add(element);
    if (element.matches("nav")) element.setAttribute("aria-label", `Code block ${index + 1}`);
    else element.tabIndex = 0;
  });
}).observe(document.documentElement, { childList: true, subtree: true });
