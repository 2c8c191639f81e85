"use strict";
(() => {
  for (const table of document.querySelectorAll("table.sorts")) {
    const body = table.tBodies[0];
    table.querySelectorAll("thead th").forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const value = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
        const rows = [...body.rows].sort((one, other) => {
          const [a, b] = [value(one), value(other)];
          const [x, y] = [Number(a), Number(b)];
          const order = a !== "" && b !== "" && !isNaN(x) && !isNaN(y) ? x - y : a.localeCompare(b);
          return down ? -order : order;
        });
        body.append(...rows);
      });
    });
  }
  const search = document.getElementById("search");
  if (!search) return;
  const rows = [...document.querySelector("#class").tBodies[0].rows];
  const only = document.getElementById("only");
  function sieve() {
    const words = search.value.toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = row.textContent.toLowerCase().includes(words) && (only.value === "" || row.dataset.is.split(" ").includes(only.value));
      row.hidden = !fits;
      shown += fits;
    }
    document.getElementById("shown").textContent = `${shown} of ${rows.length}`;
  }
  search.addEventListener("input", sieve);
  only.addEventListener("change", sieve);
  document.getElementById("sieve").hidden = false;
  sieve();
})();
