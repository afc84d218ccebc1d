// a number opens the runs behind it; without this script it is a link to their folder
(() => {
  const box = document.getElementById("runs");
  if (!box.showPopover) return;
  const behind = JSON.parse(document.getElementById("behind").textContent);
  let opener = null;

  const element = (name, content = "", attributes = {}) => {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...[content].flat());
    return made;
  };
  const fill = (row, place) => {
    const { study, baseline, metrics } = behind;
    const [values, versus, over] = row.entries[place];
    const lines = row.runs.map(([seed, path, reason], number) => {
      const folder = `../../${path.split("/").map(encodeURIComponent).join("/")}/`;
      const value = element("td", values[number], { className: "number", title: reason });
      if (reason) value.classList.add("gap");
      // published runs are lines of a file
      const published = path.endsWith(".csv");
      const links = published
        ? [element("a", path, { href: folder.slice(0, -1) })]
        : [element("a", "folder", { href: folder }), " · ", element("a", "result.json", { href: `${folder}result.json` }), " ", element("code", path.split("-").at(-1))];
      return element("tr", [element("td", String(seed)), value, element("td", links)]);
    });
    const heads = ["Seed", "Value", "Run"].map((text) => element("th", text, { scope: "col", className: text === "Value" ? "number" : "" }));
    const table = element("table", [element("thead", element("tr", heads)), element("tbody", lines)]);
    const notes = [versus && `Minus ${baseline}, paired: ${versus}.`, over, ...new Set(row.runs.map((run) => run[2]))];
    const search = `tags.method = '${row.method}' and tags.variant = '${row.variant}'`;
    box.replaceChildren(
      element("button", "×", { type: "button", className: "close", ariaLabel: "Close", onclick: () => box.hidePopover() }),
      element("p", [element("b", row.method), ` · ${metrics[place]}`, element("small", `${row.variant.replaceAll("_", " ")}, ${row.data}`)], { id: "runs-head" }),
      table,
      ...notes.filter(Boolean).map((text) => element("p", element("small", text))),
      element("p", element("small", ["In MLflow (", element("code", "make ui"), "): experiment ", element("code", study), ", search ", element("code", search), "."])),
    );
  };
  // beside the number, within the window; on narrow screens the style sheet puts it at the bottom
  const settle = (at) => {
    const left = Math.min(Math.max(8, at.right - box.offsetWidth), innerWidth - box.offsetWidth - 8);
    const below = at.bottom + 6;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${below + box.offsetHeight > innerHeight ? Math.max(8, at.top - box.offsetHeight - 6) : below}px`;
  };
  for (const link of document.querySelectorAll(".results td > a")) link.setAttribute("aria-haspopup", "dialog");
  addEventListener("click", (event) => {
    const link = event.target.closest?.(".results td > a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    opener = link;
    fill(behind.rows[link.closest("tr").dataset.row], link.parentElement.cellIndex - 1);
    box.showPopover();
    settle(link.getBoundingClientRect());
    box.focus({ preventScroll: true });
  });
  box.addEventListener("toggle", (event) => {
    if (event.newState === "closed" && (document.activeElement === document.body || box.contains(document.activeElement))) opener?.focus({ preventScroll: true });
  });
  addEventListener("scroll", (event) => {
    if (event.target !== box && box.matches(":popover-open")) box.hidePopover();
  }, true);
})();
// figures below the window are loaded when it comes near them, and must be there on paper
addEventListener("beforeprint", () => {
  for (const image of document.images) image.loading = "eager";
});
