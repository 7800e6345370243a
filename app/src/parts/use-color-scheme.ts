import { useEffect, useState } from "preact/hooks";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Renders again when the system changes between light and dark: canvases do not follow style sheets. */
export function useColorScheme(): "light" | "dark" {
  const [isDark, setDark] = useState(dark.matches);
  useEffect(() => {
    const update = (): void => setDark(dark.matches);
    dark.addEventListener("change", update);
    return () => dark.removeEventListener("change", update);
  }, []);
  return isDark ? "dark" : "light";
}
