// The browser of the `browser` project can do what its tests rely on: compute, and draw to a canvas.
import { expect, test } from 'vitest';

async function device(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('no adapter');
  return adapter.requestDevice();
}

test('a compute shader runs', async () => {
  const gpu = await device();
  const code =
    '@group(0) @binding(0) var<storage, read_write> out: array<u32>; @compute @workgroup_size(1) fn main() { out[0] = 42u; }';
  const pipeline = await gpu.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: gpu.createShaderModule({ code }) },
  });
  const out = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const read = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    gpu.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: out } }],
    }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(out, 0, read, 0, 16);
  gpu.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  expect(new Uint32Array(read.getMappedRange())[0]).toBe(42);
});

test('a canvas can be configured, and the device survives drawing to it', async () => {
  const gpu = await device();
  const canvas = document.body.appendChild(document.createElement('canvas'));
  const context = canvas.getContext('webgpu') as GPUCanvasContext;
  context.configure({ device: gpu, format: navigator.gpu.getPreferredCanvasFormat() });
  const encoder = gpu.createCommandEncoder();
  const view = context.getCurrentTexture().createView();
  encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }] }).end();
  gpu.queue.submit([encoder.finish()]);
  await gpu.queue.onSubmittedWorkDone();
  const alive = Promise.resolve('alive');
  expect(await Promise.race([gpu.lost, alive])).toBe('alive');
});
