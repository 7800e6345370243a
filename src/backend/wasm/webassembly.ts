/** The part of WebAssembly's interface in use, the same in Node and in browsers: TypeScript declares it for browsers only. */

/** Compiled code, which threads can share. */
export type Module = Readonly<Record<"module", never>>;

export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

interface Interface {
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => SharedMemory;
  readonly Instance: new (
    module: Module,
    imports: { readonly env: { readonly memory: SharedMemory } },
  ) => { readonly exports: unknown };
}

export const { Module, Memory, Instance } = (
  globalThis as unknown as { readonly WebAssembly: Interface }
).WebAssembly;
