/** A client for loopback, with connections that stay open. */
import { Agent, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly seconds: number;
}

export class Client {
  readonly #agent = new Agent({ keepAlive: true, noDelay: true });

  constructor(private readonly url: string) {}

  /** Posts JSON; by default asks for embeddings. */
  send(body: string, path = "/v1/embeddings"): Promise<Answer> {
    const start = performance.now();
    return new Promise((resolve, reject) => {
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      };
      const { url } = this;
      request(`${url}${path}`, { method: "POST", agent: this.#agent, headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => {
          const seconds = (performance.now() - start) / 1000;
          resolve({
            status: answer.statusCode ?? 0,
            body: Buffer.concat(parts).toString(),
            seconds,
          });
        });
      })
        .on("error", reject)
        .end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
