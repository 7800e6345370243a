import { Html, html } from "./html.js";

/** A section of a page, listed in its table of contents. */
export interface Section {
  readonly title: string;
  readonly body: Html;
}

/** Follows the system's light or dark theme; for screens of any size and for print. */
const style = `
:root {
  color-scheme: light dark;
  --ink: #1d2430; --quiet: #5f6b7a; --paper: #fbfbf9; --card: #ffffff; --line: #e3e5e8;
  --mark: #2f6f8f; --good: #2e7d4f; --bad: #b3452f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e7eb; --quiet: #98a2b0; --paper: #15181d; --card: #1d2127; --line: #313740;
    --mark: #7db8d6; --good: #7cc79b; --bad: #e58e78;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 66rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.75rem 0 .6rem; }
p { margin: .5rem 0; max-width: 44rem; }
a { color: var(--mark); }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.quiet { color: var(--quiet); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .75rem 0; }
th, td { padding: .4rem .9rem .4rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--quiet); font-size: .85rem; }
td.number, th.number { text-align: right; white-space: nowrap; }
.range { display: block; width: 9rem; height: .5rem; margin-top: .5rem; border-radius: .25rem; background: var(--line); position: relative; }
.range i { position: absolute; top: 0; bottom: 0; min-width: 2px; border-radius: .25rem; background: var(--mark); }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: .75rem; margin: .75rem 0; padding: 0; list-style: none; }
.images li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem; font-size: .85rem; line-height: 1.35; overflow-wrap: anywhere; }
.images img { display: block; width: 100%; height: 6rem; object-fit: contain; border-radius: .25rem; margin-bottom: .4rem; background: #fff; }
.texts { list-style: none; padding: 0; } .texts li { border-bottom: 1px solid var(--line); padding: .6rem 0; line-height: 2; }
mark { background: color-mix(in srgb, var(--mark) 25%, transparent); color: inherit; border-radius: .2rem; padding: 0 .15rem; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); }
.good::before { content: "\\2713\\00a0"; } .bad::before { content: "\\2717\\00a0"; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .75rem; margin: .75rem 0; }
.charts figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .4rem; }
.charts svg { display: block; width: 100%; height: auto; font: 10px system-ui, sans-serif; fill: var(--quiet); }
.charts .title { font-size: 12px; fill: var(--ink); }
.plot { margin: .75rem 0; } .plot svg { display: block; max-width: 100%; height: auto; font: 12px system-ui, sans-serif; fill: var(--ink); }
.plot .title { font-weight: 600; } svg .grid { stroke: var(--line); } svg .level { stroke: var(--bad); stroke-dasharray: 4 3; }
.plot .interval { stroke: var(--mark); stroke-width: 2; } .plot .mean { fill: var(--mark); } .plot .reference { fill: none; stroke: var(--quiet); }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; } .images li { break-inside: avoid; } }
`;

/** A self-contained page: title, a line of facts, table of contents, sections. */
export function page(title: string, facts: string, sections: readonly Section[]): string {
  const idOf = (index: number): string => `section-${index + 1}`;
  const entries = sections.map(
    (section, index) => html`<li><a href="#${idOf(index)}">${section.title}</a></li>`,
  );
  const contents = html`<nav aria-label="Contents">
    <ul>
      ${entries}
    </ul>
  </nav>`;
  const bodies = sections.map(
    ({ title: heading, body }, index) =>
      html` <section aria-labelledby="${idOf(index)}">
        <h2 id="${idOf(index)}">${heading}</h2>
        ${body}
      </section>`,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p class="quiet">${facts}</p>
          ${sections.length > 1 ? contents : ""}
        </header>
        <main>${bodies}</main>
      </body>
    </html> `.source;
}
