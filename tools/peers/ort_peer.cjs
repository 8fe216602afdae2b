#!/usr/bin/env node
// ONNX Runtime as a peer of `nest bench`: keeps a session open and answers one JSON line a request.
//
//   node tools/peers/ort_peer.cjs         (needs `npm install onnxruntime-node`, found through NODE_PATH or ./node_modules)
//
// The requests are described in tools/peers/README.md; ort_peer.py speaks the same.
"use strict";
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const ort = require(require.resolve("onnxruntime-node", { paths: [process.cwd(), __dirname, ...module.paths] }));

const arrays = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array, bool: Uint8Array };
let session, inputs, job;

function load({ file, dtype, shape }) {
  const bytes = fs.readFileSync(file);
  const data = new arrays[dtype](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return new ort.Tensor(dtype, data, shape);
}

async function open(request) {
  job = request;
  session = await ort.InferenceSession.create(request.open, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "all",
    intraOpNumThreads: request.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
  });
  inputs = {};
  for (const [name, entry] of Object.entries(request.inputs)) inputs[name] = load(entry);
}

function bestTokens(logits) {
  const [batch, vocabulary] = logits.dims;
  const tokens = new BigInt64Array(batch);
  for (let b = 0; b < batch; ++b) {
    let best = 0;
    for (let v = 1; v < vocabulary; ++v) {
      if (logits.data[b * vocabulary + v] > logits.data[b * vocabulary + best]) best = v;
    }
    tokens[b] = BigInt(best);
  }
  return tokens;
}

// One run: the graph once, or `steps` times with states fed back and the best token fed on.
async function once() {
  let feeds = inputs;
  let outputs;
  for (let step = 0; step < job.steps; ++step) {
    outputs = await session.run(feeds);
    if (step + 1 === job.steps) break;
    feeds = { ...feeds };
    for (const [from, to] of Object.entries(job.feeds)) feeds[to] = outputs[from];
    if (job.argmax) {
      const [from, to] = job.argmax;
      feeds[to] = new ort.Tensor("int64", bestTokens(outputs[from]), inputs[to].dims);
    }
  }
  return outputs;
}

async function answer(request) {
  if (request.open) {
    await open(request);
    return { ok: true };
  }
  if (request.run) {
    const ms = [];
    for (let i = 0; i < request.run; ++i) {
      const begin = process.hrtime.bigint();
      await once();
      ms.push(Number(process.hrtime.bigint() - begin) / 1e6);
    }
    return { ms };
  }
  if (request.outputs) {
    const described = {};
    for (const [name, tensor] of Object.entries(await once())) {
      const file = path.join(request.outputs, name + ".raw");
      fs.writeFileSync(file, Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
      described[name] = { file, dtype: tensor.type, shape: tensor.dims.map(Number) };
    }
    return { outputs: described };
  }
  throw new Error("unknown request: " + JSON.stringify(request));
}

async function main() {
  const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
  say({ peer: "onnxruntime", version: ort.env.versions.node, host: "node " + process.versions.node });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    try {
      say(await answer(JSON.parse(line)));
    } catch (error) {
      say({ error: String(error.message || error) });
    }
  }
}

main();
