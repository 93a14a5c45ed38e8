// Runs between require.js and the widget manager: modules come from the folder beside this file,
// and the manager, which was written for MathJax 2, finds the one call that it makes. MathJax 3
// makes its object anew when it starts, hence the wait for "load".
(function () {
  const here = document.currentScript.src;
  window.requirejs.config({ baseUrl: new URL("vendor/widgets", here).href, waitSeconds: 60 });
  window.addEventListener("load", () => {
    window.MathJax = window.MathJax || {};
    window.MathJax.Hub = {
      Queue: () => window.MathJax.typesetPromise && window.MathJax.typesetPromise(),
    };
  });
})();
