/**
 * The WebGPU backend: plans run as compute passes on a device. Parameters, arena and programs are in its memory; values are
 * exchanged asynchronously. This file also loads in browsers.
 */
import type { TensorSpec } from "../../graph/tensor.js";
import type { Backend, Memory } from "../backend.js";
import { type Device, bindingAlignment } from "./device.js";
import { DeviceExecutable, type SharedMemory } from "./executable.js";
import type { GpuBuffer } from "./interface.js";
import { Segments, allocate, deviceMemory, requireFitting } from "./memory.js";

/** Opens the WebGPU backend on a device, which it owns. */
export function webGpuBackend(device: Device): Backend {
  const bufferBytes = Math.floor(device.largestTensor / bindingAlignment) * bindingAlignment;
  const shared: SharedMemory = {
    arena: new Segments(device, bufferBytes),
    scratch: new Segments(device, bufferBytes),
    nothing: device.storage(bindingAlignment),
  };
  const buffers = new WeakMap<Memory, GpuBuffer>();
  return {
    name: "webgpu",
    level: device.name,
    threads: 1,
    arenaBytes: () => shared.arena.bytes,
    packsWeights: false,
    memory: { alignment: bindingAlignment, bufferBytes },
    allocate: (spec: TensorSpec) => {
      const buffer = allocate(device, spec);
      const memory = deviceMemory(device, buffer, spec);
      buffers.set(memory, buffer);
      return memory;
    },
    load: (plan, memoryOf) => {
      for (const { inputs, outputs } of plan.instructions) {
        for (const { spec } of [...inputs, ...outputs]) requireFitting(device, spec);
      }
      return new DeviceExecutable(device, shared, plan, (place) => {
        const buffer = buffers.get(memoryOf(place));
        if (!buffer) throw new Error("This memory belongs to another backend.");
        return buffer;
      });
    },
    dispose: () => {
      device.dispose();
    },
  };
}
