/** A plan on the device. */
import type { PersistentPlace, PlacedTensor } from "../../graph/layout.js";
import type { Plan } from "../../graph/plan.js";
import { type Executable, KernelError } from "../backend.js";
import { copyInputs, inspectInSteps } from "../stepping.js";
import type { Values } from "../values.js";
import { type Device, bindingAlignment } from "./device.js";
import type { GpuBindGroup, GpuBuffer, GpuPipeline } from "./interface.js";
import { type Range, Segments, readValues, writeValues } from "./memory.js";
import { type Operand, workgroupsInRow } from "./pass.js";
import { type CompiledInstruction, type CompiledPass, compileInstructions } from "./passes.js";

/** What the programs of a device share: temporary tensors, and what kernels need for themselves. */
export interface SharedMemory {
  readonly arena: Segments;
  readonly scratch: Segments;
  /** Where nothing is stored: what tensors without elements are bound to. */
  readonly nothing: GpuBuffer;
}

/** Passes that are submitted together; a signal is looked at between them. */
const passesAtOnce = 200;

interface Dispatch {
  readonly pass: CompiledPass;
  readonly sizes: Range;
  pipeline?: GpuPipeline;
  group?: GpuBindGroup;
  /** Of the shared memory that the group was made for. */
  version: number;
}

export class DeviceExecutable implements Executable {
  readonly #prepared: Segments;
  /** One for each instruction after that of all: its number, and what it was given. */
  readonly #flags: GpuBuffer;
  readonly #uniforms: GpuBuffer[] = [];
  readonly #dispatches = new Map<CompiledInstruction, readonly Dispatch[]>();
  /** By the range of instructions. */
  readonly #ranges = new Map<string, readonly CompiledInstruction[]>();

  constructor(
    readonly device: Device,
    readonly shared: SharedMemory,
    readonly plan: Plan,
    readonly bufferOf: (place: PersistentPlace) => GpuBuffer,
  ) {
    this.#prepared = new Segments(device, shared.arena.segmentBytes);
    this.#prepared.reserve(plan.preparedBytes);
    shared.arena.reserve(plan.arenaBytes);
    this.#flags = device.storage(bindingAlignment * (plan.instructions.length + 1));
    this.#compiled(plan.preparing, plan.instructions.length); // refuses what there is no kernel for
  }

  async run(
    first: number,
    last: number,
    inputs: ReadonlyMap<string, Values>,
    signal?: AbortSignal,
  ): Promise<void> {
    copyInputs(this, this.plan, inputs);
    const compiled = this.#compiled(first, last);
    await this.#submit(compiled, signal);
    const failed = new Uint32Array(await this.device.read(this.#flags, 0, 4))[0] !== 0;
    if (failed) throw await this.#failureAmong(compiled);
  }

  inspect(last: number, inputs: ReadonlyMap<string, Values>): Promise<number | undefined> {
    return inspectInSteps(this, this.plan, last, inputs);
  }

  read(tensor: PlacedTensor): Promise<Values> {
    return readValues(this.device, this.#range(tensor, 0), tensor.spec);
  }

  write(tensor: PlacedTensor, values: Values): void {
    writeValues(this.device, this.#range(tensor, 0), values, tensor.spec);
  }

  dispose(): void {
    this.#prepared.dispose();
    this.#flags.destroy();
    for (const buffer of this.#uniforms) buffer.destroy();
  }

  #compiled(first: number, last: number): readonly CompiledInstruction[] {
    const key = `${first} ${last}`;
    const known = this.#ranges.get(key);
    if (known) return known;
    const compiled = compileInstructions(this.plan, first, last);
    const sizes = compiled.flatMap(({ passes }) => passes.map((pass) => pass.sizes));
    const buffer = this.#uniform(sizes);
    let offset = 0;
    for (const each of compiled) {
      this.shared.scratch.reserve(each.scratchBytes);
      const dispatches = each.passes.map((pass) => {
        const dispatch = { pass, sizes: { buffer, offset }, version: -1 };
        offset += bindingAlignment;
        return dispatch;
      });
      this.#dispatches.set(each, dispatches);
    }
    this.#ranges.set(key, compiled);
    return compiled;
  }

  /** A buffer of the sizes of passes. */
  #uniform(sizes: readonly (readonly number[])[]): GpuBuffer {
    const perPass = bindingAlignment / 4;
    const words = new Uint32Array(perPass * Math.max(1, sizes.length));
    for (const [index, own] of sizes.entries()) words.set(own, perPass * index);
    const buffer = this.device.uniform(words);
    this.#uniforms.push(buffer);
    return buffer;
  }

  /** Submits all passes, a part of them at a time, while the part before is computed. */
  async #submit(
    compiled: readonly CompiledInstruction[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { gpu } = this.device;
    this.device.requireSound();
    const dispatches = await this.#ready(compiled);
    const clearing = gpu.createCommandEncoder();
    clearing.clearBuffer(this.#flags);
    gpu.queue.submit([clearing.finish()]);
    let before = Promise.resolve();
    for (let start = 0; start < dispatches.length; start += passesAtOnce) {
      const encoder = gpu.createCommandEncoder();
      const encoded = encoder.beginComputePass();
      for (const { pass, pipeline, group } of dispatches.slice(start, start + passesAtOnce)) {
        encoded.setPipeline(pipeline!);
        encoded.setBindGroup(0, group!);
        const across = Math.min(pass.workgroups, workgroupsInRow);
        encoded.dispatchWorkgroups(across, Math.ceil(pass.workgroups / workgroupsInRow));
      }
      encoded.end();
      gpu.queue.submit([encoder.finish()]);
      await before;
      signal?.throwIfAborted();
      before = gpu.queue.onSubmittedWorkDone();
    }
    await before;
  }

  /** All passes with pipelines, and bound to the memory as it is now. */
  async #ready(compiled: readonly CompiledInstruction[]): Promise<readonly Dispatch[]> {
    const version = this.shared.arena.version + this.shared.scratch.version;
    const all: Promise<Dispatch>[] = [];
    for (const each of compiled) {
      for (const dispatch of this.#dispatches.get(each)!) {
        all.push(this.#bound(each, dispatch, version));
      }
    }
    return Promise.all(all);
  }

  async #bound(
    { index }: CompiledInstruction,
    dispatch: Dispatch,
    version: number,
  ): Promise<Dispatch> {
    const { shader, bound } = dispatch.pass;
    dispatch.pipeline ??= await this.device
      .pipeline(shader, bound.length)
      .catch((error: unknown) => {
        this.device.requireSound(); // which says what is wrong with the shader
        throw error;
      });
    if (dispatch.version === version) return dispatch;
    dispatch.version = version;
    const ranges = bound.map((operand) => ({
      ...this.#range(operand, index),
      size: Math.max(4, Math.ceil(operand.spec.bytes / 4) * 4),
    }));
    const resources = [...ranges, { ...dispatch.sizes, size: bindingAlignment }];
    dispatch.group = this.device.gpu.createBindGroup({
      layout: this.device.layout(bound.length),
      entries: resources.map((resource, binding) => ({ binding, resource })),
    });
    return dispatch;
  }

  /** Where an operand of instruction `index` is. */
  #range({ spec, place }: Operand, index: number): Range {
    if (spec.bytes === 0) return { buffer: this.shared.nothing, offset: 0 };
    switch (place.kind) {
      case "arena":
        return this.shared.arena.at(place.offset);
      case "prepared":
        return this.#prepared.at(place.offset);
      case "scratch":
        return this.shared.scratch.at(place.offset);
      case "state":
      case "shared":
        return { buffer: this.bufferOf(place), offset: 0 };
      case "failed":
        return { buffer: this.#flags, offset: 0 };
      case "failure":
        return { buffer: this.#flags, offset: bindingAlignment * (index + 1) };
    }
  }

  async #failureAmong(compiled: readonly CompiledInstruction[]): Promise<KernelError> {
    const bytes = bindingAlignment * (this.plan.instructions.length + 1);
    const words = new Int32Array(await this.device.read(this.#flags, 0, bytes));
    for (const { index, failure } of compiled) {
      const [isSet, value, at] = words.subarray((bindingAlignment / 4) * (index + 1));
      if (failure && isSet !== 0) return new KernelError(index, failure(value!, at!));
    }
    throw new Error("An instruction failed, but none says so.");
  }
}
