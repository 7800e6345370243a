import { describe, expect, it } from "vitest";
import { parseMail } from "./mail.js";

const headers = (type: string, encoding: string): string =>
  `Content-Type: ${type}\nContent-Transfer-Encoding: ${encoding}\n\n`;

describe("parseMail", () => {
  it("keeps the writer's own text", () => {
    const raw = `From a Mon\nSubject: =?utf-8?Q?L=C3=A4mp?= of\n the day\n\nHello all,\n\nOn Monday, a long time ago, Jo said\nJo wrote:
> quoted\n\nMy answer\nis here.\n\n-- \nJo\n`;
    expect(parseMail(raw)).toEqual({
      subject: "Lämp of the day",
      paragraphs: ["Hello all,", "My answer is here."],
    });
  });

  it("reads the first part that has text, decoded", () => {
    const page = Buffer.from("<html><body><p>One &amp; two.</p></body></html>").toString("base64");
    const raw =
      'Content-Type: multipart/mixed;\n boundary="b1"\n\nignored\n--b1\n' +
      headers("image/png", "base64") +
      "AAAA\n--b1\n" +
      headers("text/html", "base64") +
      `${page}\n--b1--\n`;
    expect(parseMail(raw).paragraphs).toEqual(["One & two."]);
    const printable = headers("text/plain; charset=utf-8", "quoted-printable") + "caf=C3=A9 =\nau";
    expect(parseMail(printable).paragraphs).toEqual(["café au"]);
  });

  it("tolerates mails without a body and parts without a boundary", () => {
    expect(parseMail("Subject: x")).toEqual({ subject: "x", paragraphs: [] });
    expect(parseMail("Content-Type: multipart/mixed\n\nx").paragraphs).toEqual([]);
  });
});
