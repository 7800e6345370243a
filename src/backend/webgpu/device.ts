/** A device with its pipelines. */
import {
  type Gpu,
  type GpuBindGroupLayout,
  type GpuBuffer,
  type GpuDevice,
  type GpuPipeline,
  computeStage,
  mapRead,
  usage,
} from "./interface.js";

/** Offsets of bindings are multiples of this: the largest that WebGPU allows an adapter to ask for. */
export const bindingAlignment = 256;

export class Device {
  readonly #layouts = new Map<number, GpuBindGroupLayout>();
  readonly #pipelines = new Map<string, Promise<GpuPipeline>>();
  #fault: string | undefined;

  private constructor(
    readonly gpu: GpuDevice,
    /** The adapter, as its driver calls it. */
    readonly name: string,
  ) {
    gpu.onuncapturederror = ({ error }) => {
      this.#fault ??= error.message;
    };
    void gpu.lost.then(({ message }) => {
      this.#fault ??= `the device was lost: ${message}`;
    });
  }

  /** Asks for the adapter and all that it offers; undefined if there is none. */
  static async request(gpu: Gpu): Promise<Device | undefined> {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return undefined;
    const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } =
      adapter.limits;
    const device = await adapter.requestDevice({
      requiredLimits: {
        maxBufferSize,
        maxStorageBufferBindingSize,
        maxStorageBuffersPerShaderStage,
      },
    });
    const { vendor, architecture, description } = adapter.info;
    return new Device(device, description || `${vendor} ${architecture}`.trim() || "unnamed");
  }

  /** The largest tensor, in bytes: it is bound as a whole. */
  get largestTensor(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** Throws what the device has reported since it was opened: nothing that it computes can be trusted then. */
  requireSound(): void {
    if (this.#fault === undefined) return;
    throw new Error(`WebGPU (${this.name}) reports an error: ${this.#fault}`);
  }

  /** A buffer of zeros that programs read and write. */
  storage(bytes: number): GpuBuffer {
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    return this.gpu.createBuffer({
      size,
      usage: usage.storage | usage.copySource | usage.copyTarget,
    });
  }

  /** A copy of a part of a buffer, as it is when all work submitted before is done. */
  async read(buffer: GpuBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    if (bytes === 0) return new ArrayBuffer(0);
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.gpu.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
    const encoder = this.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    this.gpu.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(mapRead);
    } catch (error) {
      this.requireSound();
      throw error;
    }
    const copy = staging.getMappedRange().slice(0, bytes);
    staging.destroy();
    this.requireSound();
    return copy;
  }

  /** A buffer of numbers that passes read only. */
  uniform(words: Uint32Array): GpuBuffer {
    const buffer = this.gpu.createBuffer({
      size: words.byteLength,
      usage: usage.uniform | usage.copyTarget,
    });
    this.gpu.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }

  /** The layout of so many buffers that are read and written, and one of sizes. */
  layout(buffers: number): GpuBindGroupLayout {
    const known = this.#layouts.get(buffers);
    if (known) return known;
    const entries = Array.from({ length: buffers + 1 }, (_, binding) => ({
      binding,
      visibility: computeStage,
      buffer: { type: binding < buffers ? "storage" : "uniform" } as const,
    }));
    const layout = this.gpu.createBindGroupLayout({ entries });
    this.#layouts.set(buffers, layout);
    return layout;
  }

  /** The compiled pipeline of a shader with so many buffers; each is compiled once. */
  pipeline(code: string, buffers: number): Promise<GpuPipeline> {
    const known = this.#pipelines.get(code);
    if (known) return known;
    const compiled = this.gpu.createComputePipelineAsync({
      layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [this.layout(buffers)] }),
      compute: { module: this.gpu.createShaderModule({ code }), entryPoint: "main" },
    });
    compiled.catch(() => undefined); // whoever awaits it hears of the failure
    this.#pipelines.set(code, compiled);
    return compiled;
  }

  dispose(): void {
    this.#fault ??= "it is closed.";
    this.gpu.destroy();
  }
}
