
// The table of trials: sorts by a click on a heading, searches all cells, shows a hundred rows at a time, saves as CSV.
(function () {
  const STEP = 100;
  const ABSENT = "—";
  const runs = JSON.parse(document.getElementById("runs").textContent);
  const plain = (text) => String(text).replace(/[&<>%$]/g, (letter) => `&#${letter.charCodeAt(0)};`);

  function read(block) {
    const { best, columns } = JSON.parse(block.querySelector(".rows").textContent);
    for (const column of columns) {
      if (column.words) column.cells = column.cells.map((code) => (code === null ? null : column.words[code]));
    }
    return { best, columns, order: columns[0].cells.map((_, row) => row) };
  }
  function tell({ columns }) {
    const searched = columns.filter((column) => column.searched);
    columns[0].cells.forEach((number, row) => {
      const lines = searched.filter((column) => column.cells[row] !== null)
        .map((column) => `${plain(column.heading)}: ${plain(column.cells[row])}`);
      hpsearch.texts.set(number, lines.join("<br>"));
    });
  }
  const compare = (a, b) => {
    if (a === null || b === null) return 0;
    return a < b ? -1 : a > b ? 1 : 0;
  };
  function sorted(order, cells, down) {
    const there = order.filter((row) => cells[row] !== null);
    const missing = order.filter((row) => cells[row] === null); // always last
    there.sort((a, b) => compare(cells[a], cells[b]) * (down ? -1 : 1));
    return there.concat(missing);
  }
  function found(table, words) {
    if (!words.length) return table.order;
    table.texts = table.texts || table.order.slice().sort((a, b) => a - b)
      .map((row) => table.columns.map((column) => column.cells[row] ?? ABSENT).join(" ").toLowerCase());
    return table.order.filter((row) => words.every((word) => table.texts[row].includes(word)));
  }
  // A cell that a spreadsheet would take for a formula is saved as text.
  function quoted(cell) {
    if (cell === null) return "";
    if (typeof cell === "number") return String(cell);
    const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
  function csv(columns, rows) {
    const lines = [columns.map((column) => quoted(column.heading)).join(",")];
    for (const row of rows) lines.push(columns.map((column) => quoted(column.cells[row])).join(","));
    return lines.join("\r\n") + "\r\n";
  }

  function show(block) {
    const table = read(block);
    tell(table);
    const [head, body] = [block.querySelector("thead tr"), block.querySelector("tbody")];
    const [search, more, said] = [block.querySelector("input"), block.querySelector(".more"), block.querySelector("output")];
    let most = STEP;
    let chosen = table.order;

    function rowOf(row) {
      const line = document.createElement("tr");
      const number = table.columns[0].cells[row];
      if (number === table.best) line.className = "best";
      table.columns.forEach((column, place) => {
        const cell = document.createElement("td");
        const value = column.cells[row] === null ? ABSENT : String(column.cells[row]);
        if (column.numeric) cell.className = "num";
        if (place === 0 && /^https?:/.test(runs[number] || "")) {
          const link = document.createElement("a");
          link.href = runs[number];
          link.rel = "noopener noreferrer";
          link.target = "_blank";
          link.textContent = value;
          cell.append(link);
        } else cell.textContent = value;
        line.append(cell);
      });
      return line;
    }
    function fill(from) {
      body.append(...chosen.slice(from, most).map(rowOf));
      more.hidden = chosen.length <= most;
    }
    function renew() {
      chosen = found(table, search.value.toLowerCase().split(/\s+/).filter(Boolean));
      body.replaceChildren();
      fill(0);
      said.textContent = chosen.length.toLocaleString("en") + (chosen.length === 1 ? " trial" : " trials");
    }
    table.columns.forEach((column) => {
      const heading = document.createElement("th");
      const button = document.createElement("button");
      heading.scope = "col";
      if (column.numeric) heading.className = "num";
      button.type = "button";
      button.textContent = column.heading;
      button.addEventListener("click", () => {
        const down = heading.getAttribute("aria-sort") === "ascending";
        Array.from(head.children, (other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        table.order = sorted(table.order, column.cells, down);
        renew();
      });
      heading.append(button);
      head.append(heading);
    });
    search.addEventListener("input", () => { most = STEP; renew(); });
    more.addEventListener("click", () => { most += STEP; fill(most - STEP); });
    block.querySelector(".save").addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff", csv(table.columns, chosen)], { type: "text/csv" }));
      link.download = "trials.csv";
      link.click();
      window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    renew();
  }
  document.querySelectorAll(".trials").forEach(show);
  hpsearch.start();
})();
