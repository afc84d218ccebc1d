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
    regroup(table);
  }));
}
// a row repeats its group's name only where the row above it is of another group
function regroup(table) {
  const place = table.dataset.group;
  if (place === undefined) return;
  let last;
  for (const row of table.tBodies[0].rows) {
    if (row.hidden) continue;
    const group = row.cells[place].dataset.sort;
    row.classList.toggle("again", group === last);
    last = group;
  }
}
// claims with any of the pressed verdicts, with none pressed all; of the chosen study
const chips = [...document.querySelectorAll("button[data-verdict]")];
const choice = document.querySelector("select[data-filter]");
function filter() {
  const pressed = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.verdict);
  const study = choice?.value ?? "";
  for (const table of document.querySelectorAll("table.claims")) {
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) {
      row.hidden = (pressed.length > 0 && !pressed.includes(row.dataset.verdict)) || (study !== "" && row.dataset.study !== study);
    }
    regroup(table);
    const shown = rows.filter((row) => !row.hidden).length;
    document.querySelector(".shown").textContent = shown < rows.length ? `${shown} of ${rows.length} shown` : "";
  }
}
for (const chip of chips) chip.addEventListener("click", () => {
  chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
  filter();
});
choice?.addEventListener("change", filter);
// a link to a hidden claim shows it
function reveal() {
  const row = document.getElementById(location.hash.slice(1));
  if (!row?.hidden) return;
  for (const chip of chips) chip.setAttribute("aria-pressed", false);
  if (choice) choice.value = "";
  filter();
  row.scrollIntoView();
}
addEventListener("hashchange", reveal);
if (choice) filter();  // what was chosen before the page was loaded anew is chosen still
reveal();
