import { describe, expect, it } from "vitest";
import { commentParagraphs } from "./google-apis.js";
import { manParagraphs } from "./man-pages.js";
import { podParagraphs } from "./perl-doc.js";

describe("markup of manuals", () => {
  it("pod: formatting codes resolved, code and commands dropped", () => {
    const pod =
      "=head1 NAME\n\nUse B<the I<lamp>> and\nC<< a->b >>, see L<here|lamp/x>X<index>.\n\n  my $x;\n\n=begin html\n\nGone.\n\n=end html\n\nKept.\n";
    expect(podParagraphs(pod)).toEqual(["Use the lamp and a->b, see here.", "Kept."]);
  });

  it("roff: fonts resolved, examples and sections of names dropped", () => {
    const roff = `.TH LAMP 2\n.SH NAME\nlamp\n.SH DESCRIPTION\nThe \\fBlamp\\fP() call lights\n.IR one \\-two ,\nsee\n.BR lamp (3).
.nf\nint x;\n.fi\n.TP\n.B ON\nIt's on.\n.\\" comment\n`;
    expect(manParagraphs(roff)).toEqual([
      "The lamp() call lights one-two, see lamp(3).",
      "ON It's on.",
    ]);
  });

  it("comments: tags, code and links dropped", () => {
    const source =
      "/** Optional. The [lamp](x/y) to `light`. */\na: b;\n/**\n * Two <b>parts</b>.\n *\n * Second.\n * @example x\n */";
    expect(commentParagraphs(source).map((text) => text.replace(/\s+/g, " ").trim())).toEqual([
      "The lamp to light.",
      "Two parts .",
      "Second.",
    ]);
  });
});
