// What scrolls sideways can be reached with the keyboard: the theme sees to code and tables, this
// to maths, which comes later and may be wider than a phone.
(function () {
  const scrolling = () => document.querySelectorAll("div.math, mjx-container").forEach((box) => {
    if (box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== "visible") {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  });
  window.addEventListener("load", async () => {
    if (window.MathJax && window.MathJax.startup) await window.MathJax.startup.promise;
    await document.fonts.ready;
    scrolling();
  });
  window.addEventListener("resize", scrolling);
})();
