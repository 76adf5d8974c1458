// Files for a page: chosen in its field or dropped anywhere on it.

import { byId } from "./view.ts";

/** `dropped` is what was dropped, folders among it; it can be read until `open` returns. */
export function onFiles(open: (files: File[], dropped?: DataTransfer) => void): void {
  const field = byId<HTMLInputElement>("file");
  field.addEventListener("change", () => {
    if (field.files?.length) open(Array.from(field.files));
    field.value = ""; // the same file can be chosen again
  });
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      document.body.classList.add("dropping");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    if (event.dataTransfer?.files.length) open(Array.from(event.dataTransfer.files), event.dataTransfer);
  });
}
