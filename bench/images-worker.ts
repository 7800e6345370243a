/** One thread of bench/images.ts: makes both views of its images on every message. */
import { parentPort, workerData } from "node:worker_threads";
import { makeViews, roomFor, splitTime } from "./views.js";

const files = workerData as readonly Uint8Array[];
const views = roomFor(files.length);

parentPort!.on("message", (request: "views" | "split") => {
  void (request === "views" ? makeViews(files, views) : splitTime(files)).then((answer) =>
    parentPort!.postMessage(answer),
  );
});
