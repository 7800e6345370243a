/** Markdown as elements. HTML in it is shown as text, and of images only their description, as they may be elsewhere. */
import type { ComponentChildren, JSX } from "preact";
import { type MarkedToken, type Token, type Tokens, lexer } from "marked";

export const Markdown = ({ text }: { readonly text: string }): JSX.Element => (
  <div class="markdown">{drawn(lexer(text))}</div>
);

type Drawings = {
  readonly [Kind in MarkedToken as Kind["type"]]?: (token: Kind) => ComponentChildren;
};

/** Kinds of tokens that are not listed, such as blank lines, are not shown. */
const drawings: Drawings = {
  heading: ({ depth, tokens }) => {
    const Heading = `h${Math.min(6, depth + 1)}` as "h2"; // the page itself has the h1
    return <Heading>{drawn(tokens)}</Heading>;
  },
  paragraph: ({ tokens }) => <p>{drawn(tokens)}</p>,
  list: ({ ordered, items }) => {
    const List = ordered ? "ol" : "ul";
    return (
      <List>
        {items.map(({ tokens }) => (
          <li>{drawn(tokens)}</li>
        ))}
      </List>
    );
  },
  table: (table) => <Table table={table} />,
  code: ({ text }) => <pre>{text}</pre>,
  blockquote: ({ tokens }) => <blockquote>{drawn(tokens)}</blockquote>,
  hr: () => <hr />,
  strong: ({ tokens }) => <strong>{drawn(tokens)}</strong>,
  em: ({ tokens }) => <em>{drawn(tokens)}</em>,
  del: ({ tokens }) => <del>{drawn(tokens)}</del>,
  codespan: ({ text }) => <code>{text}</code>,
  br: () => <br />,
  text: ({ text, tokens }) => (tokens ? drawn(tokens) : text),
  escape: ({ text }) => text,
  html: ({ text }) => text,
  image: ({ text }) => text,
  link: ({ href, tokens }) =>
    isSafe(href) ? (
      <a href={href} rel="noreferrer">
        {drawn(tokens)}
      </a>
    ) : (
      drawn(tokens)
    ),
};

/** Whether following an address does no harm: "javascript:" would run a program. */
const isSafe = (address: string): boolean => /^(https?:|mailto:)/i.test(address);

const drawn = (tokens: readonly Token[]): ComponentChildren =>
  tokens.map((token) => {
    const draw = drawings[token.type as MarkedToken["type"]] as
      ((token: Token) => ComponentChildren) | undefined;
    return draw?.(token);
  });

const Table = ({ table: { header, rows } }: { readonly table: Tokens.Table }): JSX.Element => (
  <div
    class="scroll"
    role="region"
    aria-label={`Table: ${header.map(({ text }) => text).join(", ")}`}
    tabIndex={0}
  >
    <table>
      <thead>
        <tr>
          {header.map(({ tokens }) => (
            <th scope="col">{drawn(tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells) => (
          <tr>
            {cells.map(({ tokens }) => (
              <td>{drawn(tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
