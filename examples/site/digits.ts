// The digits that come with the pages.

/** The bytes of digits.csv.gz: 64 pixels and the label in each row. */
export async function fetchDigits(): Promise<Uint8Array> {
  const response = await fetch(new URL("../data/digits.csv.gz", import.meta.url));
  if (!response.ok) throw new Error(`digits: the server answered ${response.status}, expected the file of the digits`);
  return new Uint8Array(await response.arrayBuffer());
}
