// Which tensors are layers: names and shapes as PyTorch, Keras, ONNX and Hugging Face have them.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TensorDtype } from "../bindings/io/tensors.ts";
import { recognise, type Recognised } from "../bindings/weights/recognise.ts";

type Row = [name: string, shape: number[], expected: Partial<Recognised> & { kind: Recognised["kind"] } | RegExp];

function check(rows: Row[], more: Partial<Parameters<typeof recognise>[0]> = {}, first = true): void {
  for (const [name, shape, expected] of rows) {
    const found = recognise({ name, shape, ...more }, first);
    if (expected instanceof RegExp) assert.match((found as { reason?: string }).reason ?? "a layer", expected, name);
    else assert.deepEqual(found, { layout: "oi", ...expected }, name);
  }
}

test("PyTorch: outputs first; biases, norms and buffers are named", () => {
  check([
    ["fc1.weight", [120, 400], { kind: "dense" }],
    ["fc.weight", [1, 512], { kind: "dense" }],
    ["0.weight", [10, 10], { kind: "dense" }],
    ["fc1.bias", [120], /^a bias$/],
    ["conv1.weight", [6, 3, 5, 5], { kind: "conv2d" }],
    ["encoder.conv.weight", [384, 80, 3], { kind: "conv1d" }],
    ["stem.weight", [32, 3, 3, 7, 7], { kind: "conv3d" }],
    ["head.weight", [1, 512, 1, 1], { kind: "conv2d" }],
    ["up.0.deconv.weight", [64, 32, 2, 2], { kind: "conv2d", transposed: true }],
    ["layer1.0.bn1.weight", [64], /^a vector/],
    ["layer1.0.bn1.running_mean", [64], /running statistics/],
    ["layer1.0.bn1.num_batches_tracked", [], /single number/],
    ["transformer.layers.0.self_attn.in_proj_weight", [1536, 512], { kind: "attention" }],
    ["transformer.layers.0.self_attn.in_proj_bias", [1536], /^a bias$/],
    ["model.layers.0.self_attn.q_proj.weight", [4096, 4096], { kind: "attention" }],
    ["encoder.layer.0.attention.output.dense.weight", [768, 768], { kind: "attention" }],
    ["model.embed_tokens.weight", [32000, 4096], { kind: "embedding" }],
    ["embeddings.position_ids", [1, 512], /buffer/],
    ["pos_embed", [1, 197, 768], { kind: "embedding", as: [197, 768] }],
    ["cls_token", [1, 1, 768], /vector/],
    ["patch_embed.proj.weight", [768, 3, 16, 16], { kind: "conv2d" }],
    ["rnn.weight_ih_l0", [400, 100], { kind: "recurrent" }],
    ["rnn.weight_hh_l1_reverse", [400, 100], { kind: "recurrent" }],
    ["rnn.bias_ih_l0", [400], /^a bias$/],
    ["experts.gate_up_proj", [8, 64, 32], { kind: "dense", parts: 8 }],
    ["encoder.relative_attention_bias.weight", [32, 8], /^a bias$/],
    ["h.0.attn.bias", [1, 1, 1024, 1024], /buffer/],
    ["h.0.attn.c_attn.bias", [2304], /^a bias$/],
    ["arr_0", [3, 3, 8, 16], { kind: "conv2d", note: "3×3×8×16 was read as out×in×kernel: if it is kernel×in×out, as Keras has it, call the array kernel" }],
    ["square.weight", [3, 3, 3, 3], { kind: "conv2d" }],
    ["one.weight", [1, 1, 9, 9], { kind: "conv2d" }],
    ["gpt_neox.layers.0.attention.bias", [1, 1, 2048, 2048], /buffer/],
    ["freqs_cos", [2048, 64], /buffer/],
    ["Output/extra_dim", [1, 5118, 4], /constant/],
    ["conv.weight_g", [64, 1, 1], /lengths/],
    ["conv.weight_v", [64, 32, 3], /directions/],
    ["fc.weight_mask", [10, 10], /buffer/],
    ["optimizer.state.0.exp_avg", [10, 10], /optimizer/],
    ["empty", [0, 512], /^no numbers: its shape is 0×512$/],
    ["six", [2, 2, 2, 2, 2, 2], /6 dimensions/],
  ]);
});

test("GPT-2 has inputs first where it comes from Hugging Face, and outputs first elsewhere", () => {
  const io = { layout: "io" as const };
  check([
    ["h.0.attn.c_attn.weight", [768, 2304], { kind: "attention", ...io }],
    ["h.0.attn.c_attn.weight", [2304, 768], { kind: "attention" }],
    ["h.0.mlp.c_fc.weight", [768, 3072], { kind: "dense", ...io }],
    ["h.0.mlp.c_proj.weight", [3072, 768], { kind: "dense", ...io }],
    ["h.0.mlp.c_proj.weight", [768, 3072], { kind: "dense" }],
    ["wte.weight", [50257, 768], { kind: "embedding" }],
    ["wpe.weight", [1024, 768], { kind: "embedding" }],
  ]);
});

test("Keras and TensorFlow.js: inputs first, under their own names", () => {
  const io = { layout: "io" as const };
  check([
    ["dense/kernel:0", [400, 120], { kind: "dense", ...io }],
    ["conv2d/kernel", [5, 5, 3, 6], { kind: "conv2d", ...io }],
    ["block_1_depthwise/depthwise_kernel", [3, 3, 96, 2], { kind: "conv2d", ...io, groups: 96, as: [3, 3, 1, 192] }],
    ["dense0/conv0/depthwise_filter", [3, 3, 3, 1], { kind: "conv2d", ...io, groups: 3, as: [3, 3, 1, 3] }],
    ["dense0/conv1/pointwise_filter", [1, 1, 32, 64], { kind: "conv2d", ...io }],
    ["conv2d_transpose/kernel", [3, 3, 16, 32], { kind: "conv2d", ...io, transposed: true }],
    ["embedding/embeddings", [1000, 64], { kind: "embedding", layout: "oi" }],
    ["lstm/lstm_cell/recurrent_kernel", [64, 256], { kind: "recurrent", ...io }],
    ["multi_head_attention/query/kernel", [512, 8, 64], { kind: "attention", ...io, as: [512, 512] }],
    ["multi_head_attention/attention_output/kernel", [8, 64, 512], { kind: "attention", ...io, as: [512, 512] }],
    ["batch_normalization/gamma", [64], /norm/],
    ["batch_normalization/moving_variance", [64], /running statistics/],
    ["dense/bias", [120], /^a bias$/],
    ["dense/kernel/Adam", [400, 120], /optimizer/],
  ], { layout: "io" });
  // flax in a file of safetensors
  check([["params/Dense_0/kernel", [400, 120], { kind: "dense", ...io }]]);
});

test("ONNX: the operator decides", () => {
  const by = (operator: string, shape: number[], expected: Row[2], name = "onnx::X_12") => check([[name, shape, expected]], { operator });
  by("Gemm", [10, 84], { kind: "dense" });
  by("Conv", [6, 3, 5, 5], { kind: "conv2d" });
  by("ConvTranspose", [6, 3, 5, 5], { kind: "conv2d", transposed: true });
  by("Gather", [1000, 64], { kind: "embedding" });
  by("LSTM", [2, 256, 64], { kind: "recurrent", parts: 2 });
  by("Attention", [512, 1536], { kind: "attention" });
  by("Add", [512, 512], /goes into Add/);
  by("Mul", [64, 1, 1], /goes into Mul/);
  by("BatchNormalization", [64], /vector/);
  by("Transpose", [10, 84], { kind: "dense" });
  // keras2onnx writes kernels as Conv has them, and keeps Keras' names
  by("Conv", [64, 32, 3, 3], { kind: "conv2d" }, "conv2d_6/kernel:0");
  by("EmbedLayerNormalization", [30522, 768], { kind: "embedding" });
  by("Einsum", [12, 64, 64], /Einsum with 3 dimensions/);
  by("GroupQueryAttention.7", [4096, 64], /goes into GroupQueryAttention\.7/);
});

test("fixed transforms are no layers", () => {
  for (const name of ["stft.forward_basis_buffer", "spectrogram_extractor.stft.conv_real.weight", "time2freq/stft-imag/kernel", "logmel_extractor.melW"]) {
    assert.match((recognise({ name, shape: [258, 1, 256] }) as { reason: string }).reason, /a fixed transform/, name);
  }
  assert.deepEqual(recognise({ name: "melting.weight", shape: [8, 4] }), { kind: "dense", layout: "oi" });
});

test("of a recurrent operator's inputs only the weights are layers", () => {
  const by = (operator: string) => recognise({ name: "W", shape: [2, 24], operator });
  assert.deepEqual(by("DynamicQuantizeLSTM"), { kind: "recurrent", layout: "oi" });
  assert.deepEqual(by("LSTM.B"), { reason: "goes into LSTM.B, which is no layer with a spectrum" });
});

test("groups are the file's own where it says them", () => {
  const by = (operator: string, groups: number, shape: number[], layout: "oi" | "io" = "oi") =>
    recognise({ name: "W", shape, operator, layout, groups }, false);
  assert.deepEqual(by("Conv", 1, [258, 1, 256]), { kind: "conv1d", layout: "oi" });
  assert.deepEqual(by("Conv", 4, [8, 3, 5, 5]), { kind: "conv2d", layout: "oi", groups: 4 });
  assert.deepEqual(by("Conv", 4, [5, 5, 3, 8], "io"), { kind: "conv2d", layout: "io", groups: 4 });
  assert.deepEqual(by("ConvTranspose", 2, [8, 3, 5, 5]), { kind: "conv2d", layout: "oi", transposed: true, groups: 2 });
});

test("one input channel is a depthwise convolution, unless it may be a grey image's", () => {
  const shape = [32, 1, 3, 3];
  assert.deepEqual(recognise({ name: "conv1.weight", shape }, true), { kind: "conv2d", layout: "oi" });
  const later = recognise({ name: "features.1.conv.0.0.weight", shape }, false) as Recognised;
  assert.equal(later.groups, 32);
  assert.match(later.note!, /depthwise convolution of 32 channels/);
  assert.deepEqual(recognise({ name: "blocks.0.conv_dw.weight", shape }, true), { kind: "conv2d", layout: "oi", groups: 32 });
});

test("whole numbers are no weights, unless they stand for others", () => {
  for (const dtype of ["i64", "u8", "bool"] satisfies TensorDtype[]) {
    assert.match((recognise({ name: "fc.weight", shape: [4, 4], dtype }) as { reason: string }).reason, new RegExp(`\\(${dtype}\\), no weights`));
  }
  assert.deepEqual(recognise({ name: "fc.weight", shape: [4, 4], dtype: "u8", quantized: true }), { kind: "dense", layout: "oi" });
});
