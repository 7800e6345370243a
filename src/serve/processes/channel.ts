/** Questions between a process and one that it started. */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

/** The answers to the other process's questions, by name. */
export type Answers = Readonly<
  Record<string, (value: unknown, socket: Socket | undefined) => unknown>
>;

type Message =
  | { readonly question: number; readonly name: string; readonly value?: unknown }
  | { readonly answer: number; readonly value?: unknown; readonly fault?: string };

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

export class Channel {
  readonly #asked = new Map<number, Asked>();
  #questions = 0;

  /** @param other a child, or this process itself if it is one: its other end is the parent */
  constructor(
    private readonly other: ChildProcess | NodeJS.Process,
    private readonly answers: Answers,
  ) {
    const receive = (message: unknown, socket: unknown): void =>
      this.#receive(message as Message, socket as Socket | undefined);
    const end = (): void => {
      for (const { reject } of this.#asked.values()) reject(gone());
    };
    // Of a child that is killed before it has taken a socket, Node.js emits "close" alone.
    (other as ChildProcess).on("message", receive).on("disconnect", end).on("close", end);
  }

  /**
   * The other process's answer. A socket is handed over and stays open here, too.
   * @throws Error with its message if it failed there, or if that process ended before it answered
   */
  ask<Value = unknown>(name: string, value?: unknown, socket?: Socket): Promise<Value> {
    const question = this.#questions++;
    return new Promise<unknown>((resolve, reject) => {
      this.#asked.set(question, { resolve, reject });
      this.#send({ question, name, value }, socket, (error) => {
        if (error) reject(gone());
      });
    }).finally(() => this.#asked.delete(question)) as Promise<Value>;
  }

  #send(message: Message, socket: Socket | undefined, done: (error: Error | null) => void): void {
    this.other.send!(message, socket, { keepOpen: true }, done);
  }

  #receive(message: Message, socket: Socket | undefined): void {
    if ("question" in message) {
      void this.#answer(message.question, () => this.answers[message.name]!(message.value, socket));
    } else {
      const { answer, value, fault } = message;
      const asked = this.#asked.get(answer);
      if (fault === undefined) asked?.resolve(value);
      else asked?.reject(new Error(fault));
    }
  }

  /** Calls `work` synchronously: a socket without listeners loses what it receives. */
  async #answer(answer: number, work: () => unknown): Promise<void> {
    let message: Message;
    try {
      message = { answer, value: await work() };
    } catch (error) {
      message = { answer, fault: error instanceof Error ? error.message : String(error) };
    }
    this.#send(message, undefined, () => undefined); // if the other process has ended, nobody waits
  }
}

const gone = (): Error => new Error("The other process has ended.");
