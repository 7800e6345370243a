/**
 * A reader of Python pickles of protocol 2, as PyTorch and NumPy write them. It executes nothing: names of Python objects are
 * looked up in a list of known ones, and every other object is an `Opaque` with nothing but a name.
 */
import { quote } from "./quote.js";

/** A Python object that a pickle may name; `make` returns the result of calling it, if it may be called. */
export interface PickleGlobal {
  readonly name: string;
  readonly make?: (parameters: readonly unknown[]) => unknown;
}

/** An unknown Python class or function, or what it would have created; its contents are ignored. */
export class Opaque {
  constructor(
    /** By module and name, such as "argparse.Namespace". */
    readonly name: string,
  ) {}
}

export interface PickleWorld {
  /** Name of the pickle in messages. */
  readonly what: string;
  /** By module and name, joined by a dot. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** Resolves an external reference. */
  resolve(reference: unknown): unknown;
  /** The error to throw for a damaged pickle. */
  error(message: string): Error;
  /** A byte string of Python 2; default: as UTF-8 text. */
  bytes?(bytes: Buffer): unknown;
  /** Receives the attributes of an object that one of `globals` made; default: they are left out. */
  setState?(object: unknown, state: unknown): void;
}

interface Machine {
  readonly world: PickleWorld;
  readonly bytes: Buffer;
  at: number;
  readonly stack: unknown[];
  /** Stack heights at which marks were set. */
  readonly marks: number[];
  readonly memo: Map<number, unknown>;
}

/** Far more than needed by weights and arrays, which fill dictionaries a thousand pairs at a time. */
const highestStack = 100_000;
const stop = 0x2e;

/** The object that the pickle encodes: dictionaries become maps, tuples and lists become arrays. */
export function unpickle(world: PickleWorld, bytes: Buffer): unknown {
  return unpickleAt(world, bytes, 0).value;
}

/** The pickle that begins at byte `start`, and where it ends. */
export function unpickleAt(
  world: PickleWorld,
  bytes: Buffer,
  start: number,
): { readonly value: unknown; readonly end: number } {
  const machine: Machine = { world, bytes, at: start, stack: [], marks: [], memo: new Map() };
  for (;;) {
    const at = machine.at;
    const code = take(machine, 1).readUInt8();
    if (code === stop) break;
    const instruction = instructions.get(code);
    if (!instruction) {
      const name = `0x${code.toString(16)} (${quote(String.fromCharCode(code))})`;
      throw world.error(
        `${world.what} holds the instruction ${name} at byte ${at}, which weights and arrays do not need.`,
      );
    }
    instruction(machine);
    if (machine.stack.length > highestStack)
      throw fault(machine, "piles up more values than weights and arrays need");
  }
  const [result, ...more] = machine.stack;
  if (more.length > 0 || machine.stack.length === 0)
    throw fault(machine, "does not end with one value");
  return { value: result, end: machine.at };
}

const fault = ({ world, at }: Machine, what: string): Error =>
  world.error(`${world.what} ${what} (at byte ${at}).`);

function take(machine: Machine, length: number): Buffer {
  const { bytes, at } = machine;
  if (at + length > bytes.length) throw fault(machine, "ends too early");
  machine.at += length;
  return bytes.subarray(at, at + length);
}

function pop(machine: Machine): unknown {
  if (machine.stack.length <= (machine.marks.at(-1) ?? 0))
    throw fault(machine, "takes a value where there is none");
  return machine.stack.pop();
}

/** The topmost value, which stays. */
function top(machine: Machine): unknown {
  const value = pop(machine);
  machine.stack.push(value);
  return value;
}

function popToMark(machine: Machine): unknown[] {
  const mark = machine.marks.pop();
  if (mark === undefined) throw fault(machine, "looks for a mark where there is none");
  return machine.stack.splice(mark);
}

/** Stores into the dictionary on top of the stack; anything stored into an `Opaque` is dropped. */
function setItem(machine: Machine, key: unknown, value: unknown): void {
  const map = top(machine);
  if (map instanceof Opaque) return;
  if (!(map instanceof Map)) throw fault(machine, "stores into what is no dictionary");
  if (map.has(key)) throw fault(machine, `has the key ${quote(key)} twice`);
  map.set(key, value);
}

function setLastItem(machine: Machine): void {
  const value = pop(machine);
  const key = pop(machine);
  setItem(machine, key, value);
}

function setItems(machine: Machine): void {
  const items = popToMark(machine);
  if (items.length % 2 === 1) throw fault(machine, "has a key without a value");
  for (let i = 0; i < items.length; i += 2) setItem(machine, items[i], items[i + 1]);
}

function append(machine: Machine, items: readonly unknown[]): void {
  const list = top(machine);
  if (list instanceof Opaque) return;
  if (!Array.isArray(list)) throw fault(machine, "appends to what is no list");
  for (const item of items) list.push(item);
}

function memoize(machine: Machine, index: number): void {
  machine.memo.set(index, top(machine));
}

function recall(machine: Machine, index: number): void {
  if (!machine.memo.has(index))
    throw fault(machine, `refers to value ${index}, which it does not have`);
  machine.stack.push(machine.memo.get(index));
}

function pushTuple(machine: Machine, length: number): void {
  const items = Array.from({ length }, () => pop(machine));
  machine.stack.push(items.reverse());
}

function pushText(machine: Machine, length: number): void {
  machine.stack.push(take(machine, length).toString("utf8"));
}

function pushBytes(machine: Machine, length: number): void {
  const { stack, world } = machine;
  const bytes = take(machine, length);
  stack.push(world.bytes ? world.bytes(bytes) : bytes.toString("utf8"));
}

/** An integer of any length in two's complement, used for shapes and offsets beyond 32 bits. */
function pushLong(machine: Machine): void {
  const bytes = take(machine, take(machine, 1).readUInt8());
  const hex = Buffer.from(bytes).reverse().toString("hex");
  const value = hex === "" ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`));
  machine.stack.push(Number(value)); // Seeds may be too large to be exact; sizes are checked where they are used.
}

function readLine(machine: Machine): string {
  const end = machine.bytes.indexOf("\n", machine.at);
  if (end < 0) throw fault(machine, "ends too early");
  const line = take(machine, end - machine.at).toString("utf8");
  machine.at = end + 1;
  return line;
}

function pushGlobal(machine: Machine): void {
  const name = `${readLine(machine)}.${readLine(machine)}`;
  machine.stack.push(machine.world.globals.get(name) ?? new Opaque(name));
}

/** A call, or a new object of a class: known objects are created, all others stay opaque. */
function reduce(machine: Machine): void {
  const parameters = pop(machine);
  const callee = pop(machine);
  if (callee instanceof Opaque) {
    machine.stack.push(new Opaque(callee.name));
    return;
  }
  const global = [...machine.world.globals.values()].find((known) => known === callee);
  if (!global?.make) throw fault(machine, "calls what cannot be called");
  if (!Array.isArray(parameters)) throw fault(machine, "calls without a list of arguments");
  machine.stack.push(global.make(parameters));
}

/** Sets attributes of an object, such as the versions of a state dict's modules. */
function build(machine: Machine): void {
  const state = pop(machine);
  machine.world.setState?.(top(machine), state);
}

function checkProtocol(machine: Machine): void {
  const version = take(machine, 1).readUInt8();
  if (version !== 2) throw fault(machine, `is of protocol ${version}; only protocol 2 is read`);
}

const instructions: ReadonlyMap<number, (machine: Machine) => unknown> = new Map([
  [0x80, checkProtocol],
  [0x28, (machine: Machine) => machine.marks.push(machine.stack.length)], // MARK
  [0x4e, ({ stack }: Machine) => stack.push(undefined)], // NONE
  [0x88, ({ stack }: Machine) => stack.push(true)], // NEWTRUE
  [0x89, ({ stack }: Machine) => stack.push(false)], // NEWFALSE
  [0x4a, (machine: Machine) => machine.stack.push(take(machine, 4).readInt32LE())], // BININT
  [0x4b, (machine: Machine) => machine.stack.push(take(machine, 1).readUInt8())], // BININT1
  [0x4d, (machine: Machine) => machine.stack.push(take(machine, 2).readUInt16LE())], // BININT2
  [0x8a, pushLong], // LONG1
  [0x58, (machine: Machine) => pushText(machine, take(machine, 4).readUInt32LE())], // BINUNICODE
  [0x54, (machine: Machine) => pushBytes(machine, take(machine, 4).readUInt32LE())], // BINSTRING
  [0x55, (machine: Machine) => pushBytes(machine, take(machine, 1).readUInt8())], // SHORT_BINSTRING
  [0x47, (machine: Machine) => machine.stack.push(take(machine, 8).readDoubleBE())], // BINFLOAT
  [0x7d, ({ stack }: Machine) => stack.push(new Map())], // EMPTY_DICT
  [0x73, setLastItem], // SETITEM
  [0x75, setItems], // SETITEMS
  [0x5d, ({ stack }: Machine) => stack.push([])], // EMPTY_LIST
  [0x61, (machine: Machine) => append(machine, [pop(machine)])], // APPEND
  [0x65, (machine: Machine) => append(machine, popToMark(machine))], // APPENDS
  [0x29, (machine: Machine) => pushTuple(machine, 0)], // EMPTY_TUPLE
  [0x85, (machine: Machine) => pushTuple(machine, 1)], // TUPLE1
  [0x86, (machine: Machine) => pushTuple(machine, 2)], // TUPLE2
  [0x87, (machine: Machine) => pushTuple(machine, 3)], // TUPLE3
  [0x74, (machine: Machine) => machine.stack.push(popToMark(machine))], // TUPLE
  [0x71, (machine: Machine) => memoize(machine, take(machine, 1).readUInt8())], // BINPUT
  [0x72, (machine: Machine) => memoize(machine, take(machine, 4).readUInt32LE())], // LONG_BINPUT
  [0x68, (machine: Machine) => recall(machine, take(machine, 1).readUInt8())], // BINGET
  [0x6a, (machine: Machine) => recall(machine, take(machine, 4).readUInt32LE())], // LONG_BINGET
  [0x63, pushGlobal], // GLOBAL
  [0x51, (machine: Machine) => machine.stack.push(machine.world.resolve(pop(machine)))], // BINPERSID
  [0x52, reduce], // REDUCE
  [0x81, reduce], // NEWOBJ
  [0x62, build], // BUILD
]);
