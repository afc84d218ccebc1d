for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const original = [...body.rows];
  const value = (row, place) => {
    const cell = row.cells[place];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    return text !== "" && !isNaN(text) ? Number(text) : text;
  };
  heads.forEach((head, place) => head.querySelector("button")?.addEventListener("click", () => {
    // first click: best or greatest first for numbers, A to Z for words; third click: the study's order
    const numeric = head.classList.contains("number");
    const cycle = numeric ? ["none", "descending", "ascending"] : ["none", "ascending", "descending"];
    const next = cycle[(cycle.indexOf(head.getAttribute("aria-sort")) + 1) % 3];
    for (const other of heads) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", next);
    const rows = [...original];
    const sign = next === "ascending" ? 1 : -1;
    if (next !== "none") rows.sort((a, b) => {
      const [x, y] = [value(a, place), value(b, place)];
      if (x === "" || y === "") return (x === "") - (y === "");  // missing numbers stay last
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
    });
    body.append(...rows);
  }));
}
// a popover belongs beside its cell: place it there, within the window
for (const box of document.querySelectorAll("[popover]")) {
  box.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    const at = document.querySelector(`[popovertarget="${box.id}"]`).getBoundingClientRect();
    const left = Math.min(Math.max(8, at.right - box.offsetWidth), innerWidth - box.offsetWidth - 8);
    const below = at.bottom + 6;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${below + box.offsetHeight > innerHeight ? Math.max(8, at.top - box.offsetHeight - 6) : below}px`;
  });
}
addEventListener("scroll", () => document.querySelectorAll("[popover]:popover-open").forEach((box) => box.hidePopover()));
