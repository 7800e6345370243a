import type { ComponentChildren, JSX } from "preact";

interface PageHeadProps {
  readonly title: string;
  /** One sentence on what the page is for. */
  readonly children: ComponentChildren;
}

export const PageHead = ({ title, children }: PageHeadProps): JSX.Element => (
  <header class="page-head">
    <h1>{title}</h1>
    <p>{children}</p>
  </header>
);
