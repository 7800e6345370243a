/** The frame of all pages: navigation, and the page of the current address. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { addressOf, useRoute } from "./route.js";

export interface Page {
  readonly name: string;
  readonly title: string;
  readonly View: (props: { readonly rest: readonly string[] }) => JSX.Element;
}

export interface AppProps {
  /** In the order of the navigation. */
  readonly groups: readonly (readonly Page[])[];
  /** The page to begin with. */
  readonly first: Page;
}

export function App({ groups, first }: AppProps): JSX.Element {
  const route = useRoute();
  const { name, title, View } = groups.flat().find((page) => page.name === route.page) ?? first;
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} · flava`;
    if (!isFirst.current) main.current?.focus(); // so that a screen reader begins with the new page
    isFirst.current = false;
  }, [title]);
  return (
    <>
      <a class="skip" href="#main" onClick={skipTo(main)}>
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href={addressOf(first.name)}>
          <img src="./icon.svg" alt="" width="24" height="24" />
          flava
        </a>
        <nav aria-label="Pages">
          {groups.map((group) => (
            <ul key={group[0]!.name}>
              {group.map((page) => (
                <li key={page.name}>
                  <a
                    href={addressOf(page.name)}
                    {...(page.name === name && { "aria-current": "page" })}
                  >
                    {page.title}
                  </a>
                </li>
              ))}
            </ul>
          ))}
        </nav>
      </header>
      <main id="main" ref={main} tabIndex={-1} class={`page-${name}`}>
        <View key={name} rest={route.page === name ? route.rest : []} />
      </main>
    </>
  );
}

/** Moves the focus without a change of the address, which names the page. */
const skipTo =
  (target: { readonly current: HTMLElement | null }) =>
  (event: Event): void => {
    event.preventDefault();
    target.current?.focus();
  };
