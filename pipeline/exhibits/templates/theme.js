(() => {
  const root = document.documentElement;
  root.classList.add("scripts");
  let asked = new URLSearchParams(location.search).get("theme");
  try { asked = asked || localStorage.getItem("theme"); } catch { /* a page opened from a file may have no storage */ }
  if (asked === "light" || asked === "dark") root.dataset.theme = asked;
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* then the choice lasts as long as the page */ }
    });
  });
})();
