// Counts the dispatches that an executor records, for tests of what shares one.

type Dispatch = (this: GPUComputePassEncoder, ...groups: [number, number?, number?]) => undefined;

/** Runs `body` and returns how many dispatches passes of `device` recorded meanwhile. */
export async function countDispatches(device: GPUDevice, body: () => Promise<unknown>): Promise<number> {
  const probe = device.createCommandEncoder().beginComputePass();
  const prototype = Object.getPrototypeOf(probe) as { dispatchWorkgroups: Dispatch };
  const original = prototype.dispatchWorkgroups;
  let count = 0;
  prototype.dispatchWorkgroups = function dispatch(...groups) {
    count++;
    return original.apply(this, groups);
  };
  try {
    await body();
  } finally {
    prototype.dispatchWorkgroups = original;
  }
  return count;
}
