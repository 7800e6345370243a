import { resolve } from "node:path";
import { isRemote } from "./address.js";

/** A URL, or a path that does not depend on the working directory. */
export const absolutePlace = (path: string): string => (isRemote(path) ? path : resolve(path));
