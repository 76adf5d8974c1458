// What every page shows: text in its elements, messages, the engine, its last lines.

import type { EngineInfo } from "eigenscope";

export const byId = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;

export function put(id: string, text: string): void {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

export function showEngine({ version, variant, threads, reason }: EngineInfo): void {
  const isolated = crossOriginIsolated ? "this page is cross-origin isolated; " : "";
  const count = `${threads} ${threads === 1 ? "thread" : "threads"}`;
  put("engine", `Engine: eigenscope ${version}, ${variant}, ${count}; ${isolated}${reason}.`);
}

export function showMessage(id: "error" | "warnings", lines: string[]): void {
  const element = byId(id);
  element.hidden = lines.length === 0;
  element.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
}

/** A row with its name as a heading. */
export function tableRow(name: string, cells: string[]): HTMLTableRowElement {
  const row = document.createElement("tr");
  const head = Object.assign(document.createElement("th"), { scope: "row", textContent: name });
  row.append(head, ...cells.map((cell) => Object.assign(document.createElement("td"), { textContent: cell })));
  return row;
}

/** The licences of what is bundled, and that the page is kept for use offline once it is. */
export function showFooter(): void {
  byId<HTMLAnchorElement>("licences").href = new URL("../../dist/third-party.txt", import.meta.url).href;
  navigator.serviceWorker?.ready.then(() => { byId("offline").hidden = false; });
}

/** Has the browser save a file. */
export function save(name: string, type: string, content: string | Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
