// Comma-separated values as spreadsheets read them, and the blocks that they put on the clipboard.

/** Rows of cells as one text; a cell is quoted where it must be. */
export function toCsv(rows: (string | number | boolean)[][]): string {
  const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => `${row.map((cell) => quoted(String(cell))).join(",")}\n`).join("");
}

/** The rows of a text; lines without any cell are left out. A quote may hold commas and line ends. */
export function parse(text: string, comma = ","): string[][] {
  const rows: string[][] = [];
  let [row, cell, quoted] = [[] as string[], "", false];
  const source = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const close = (): void => {
    row.push(cell);
    if (row.length > 1 || row[0] !== "") rows.push(row);
    [row, cell] = [[], ""];
  };
  for (let k = 0; k < source.length; k++) {
    const letter = source[k] as string;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (source[k + 1] === '"') cell += source[++k];
      else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === comma) {
      row.push(cell);
      cell = "";
    } else if (letter === "\n") close();
    else cell += letter;
  }
  if (cell !== "" || row.length) close();
  return rows;
}

/** A block copied from a spreadsheet: cells apart by tabs. */
export function block(text: string): string[][] {
  return parse(text, "\t").map((row) => row.map((cell) => cell.trim()));
}

/** Let the reader save a text as a file. */
export function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
