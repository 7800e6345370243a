/** The page and its parameters, kept in the part of the address after "#", so that links and the back button work. */
import { useEffect, useState } from "preact/hooks";

export interface Route {
  /** Such as "training". */
  readonly page: string;
  /** What follows, such as the name of a run. */
  readonly rest: readonly string[];
}

/** The address of a page, such as "#/training/mini/joint". */
export const addressOf = (page: string, ...rest: readonly string[]): string =>
  `#/${[page, ...rest].map(encodeURIComponent).join("/")}`;

function currentRoute(): Route {
  const [page = "", ...rest] = location.hash.replace(/^#\//, "").split("/").map(decoded);
  return { page, rest: rest.filter((part) => part !== "") };
}

/** Addresses typed by hand may have a "%" that encodes nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The current route; renders again when it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const update = (): void => setRoute(currentRoute());
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return route;
}
