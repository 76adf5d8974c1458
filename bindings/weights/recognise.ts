// Which tensors of a model are layers with a spectrum: by name and shape alone, on the caller's side, where the file is.

export type LayerKind = "dense" | "conv1d" | "conv2d" | "conv3d" | "attention" | "embedding" | "recurrent";

/** What is known of a tensor besides its numbers. */
export interface LayerHints {
  name?: string;
  kind?: LayerKind;
  /** "io": inputs before outputs, as Keras has them; default "oi", as PyTorch's. */
  layout?: "oi" | "io";
}

/** The kind of a tensor's layer, or why it is none. */
export function recognise(tensor: { name: string; shape: number[] }): { kind: LayerKind } | { reason: string } {
  const { shape } = tensor;
  if (shape.length === 2) return { kind: "dense" };
  if (shape.length === 4) return { kind: "conv2d" };
  return { reason: shape.length < 2 ? "a vector: bias or norm" : `${shape.length} dimensions` };
}
