/** Converts Hugging Face tokenizer.json and tokenizer_config.json files of BERT tokenizers (flava.md 4.2). */
import { z } from "zod";
import { Tokenizer, type TokenizerSettings } from "./tokenizer.js";
import {
  type Vocabulary,
  VocabularyError,
  continuationPrefix,
  parseVocabulary,
  specialPieces,
  vocabularyOf,
} from "./vocabulary.js";
import { longestWord } from "./words.js";

/** The directory of a tokenizer, and the contents of those of its files that exist. */
export interface TokenizerFiles {
  readonly directory: string;
  /** vocab.txt. */
  readonly vocabulary?: string | undefined;
  /** tokenizer.json, parsed. */
  readonly tokenizer?: unknown;
  /** tokenizer_config.json, parsed. */
  readonly config?: unknown;
  /** special_tokens_map.json, parsed. */
  readonly special?: unknown;
  /** added_tokens.json, parsed. */
  readonly added?: unknown;
}

/** A setting that has a fixed value in BERT tokenizers. */
const only = <const Value extends string | number | boolean>(value: Value) =>
  z.literal(value, `${JSON.stringify(value)}, as BERT's tokenizer has it`);

const vocabularySize = 2 ** 24;
const optionalFlag = z.boolean("true, false or null").nullish();
const token = z.union(
  [z.string(), z.object({ content: z.string() }).transform(({ content }) => content)],
  "a token",
);
const isSpecialPiece = (content: string): boolean => Object.values(specialPieces).includes(content);
const onlySpecial = (given: unknown): string =>
  `BERT's five special tokens only, not ${JSON.stringify(given)}`;
/** The five special pieces are recognized verbatim in a text; other added tokens would be split into pieces. */
const addedToken = z.object({
  content: z.string().refine(isSpecialPiece, { error: ({ input }) => onlySpecial(input) }),
  single_word: only(false).optional(),
  normalized: only(false).optional(),
});
const noTokens = z.union([z.tuple([]), z.strictObject({})], "no further tokens").nullish();
const right = z.literal(["right", "Right"], '"right", as FLAVA pads and truncates');

/** Hugging Face writes 1e30 for no limit. */
const length = z
  .number("a number of tokens")
  .min(2, "2 or more")
  .transform((most) => (most < 2 ** 31 ? Math.floor(most) : undefined));

const specialToken = (piece: string) =>
  z.object({ SpecialToken: z.object({ id: z.literal(piece) }) });
/** For a single text. */
const template = z.tuple(
  [
    specialToken(specialPieces.classification),
    z.object({ Sequence: z.object({ id: z.literal("A") }) }),
    specialToken(specialPieces.separator),
  ],
  "[CLS], the text, [SEP]",
);

const tokenizerJson = z.object({
  model: z.object({
    type: only("WordPiece"),
    unk_token: only(specialPieces.unknown),
    continuing_subword_prefix: only(continuationPrefix),
    max_input_chars_per_word: only(longestWord),
    vocab: z.record(z.string(), z.int().min(0).max(vocabularySize), "pieces and their ids"),
  }),
  normalizer: z.object({
    type: only("BertNormalizer"),
    clean_text: only(true),
    handle_chinese_chars: only(true),
    strip_accents: optionalFlag,
    lowercase: z.boolean("true or false"),
  }),
  pre_tokenizer: z.object({ type: only("BertPreTokenizer") }),
  post_processor: z.object({
    type: z.enum(["TemplateProcessing", "BertProcessing"], "TemplateProcessing or BertProcessing"),
    single: template.optional(),
  }),
  truncation: z.object({ max_length: length, direction: right.optional() }).nullish(),
  padding: z.object({ direction: right.optional() }).nullish(),
  added_tokens: z.array(addedToken.extend({ id: z.int() })).nullish(),
});

const specialTokens = {
  pad_token: token.pipe(only(specialPieces.padding)).nullish(),
  unk_token: token.pipe(only(specialPieces.unknown)).nullish(),
  cls_token: token.pipe(only(specialPieces.classification)).nullish(),
  sep_token: token.pipe(only(specialPieces.separator)).nullish(),
  mask_token: token.pipe(only(specialPieces.mask)).nullish(),
  additional_special_tokens: noTokens,
  extra_special_tokens: noTokens,
};

/** Older versions of transformers say it here instead. */
const specialTokensMap = z.object(specialTokens);
const addedTokens = z.record(z.string(), z.int()).superRefine((ids, context) => {
  const other = Object.keys(ids).find((content) => !isSpecialPiece(content));
  if (other !== undefined) context.addIssue(onlySpecial(other));
});

const tokenizerConfig = z.object({
  ...specialTokens,
  tokenizer_class: z
    .enum(
      ["BertTokenizer", "BertTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"],
      "BertTokenizer, BertTokenizerFast, PreTrainedTokenizerFast or TokenizersBackend",
    )
    .nullish(),
  do_lower_case: optionalFlag,
  strip_accents: optionalFlag,
  tokenize_chinese_chars: only(true).nullish(),
  do_basic_tokenize: only(true).nullish(),
  model_max_length: length.nullish(),
  added_tokens_decoder: z.record(z.string(), addedToken).nullish(),
  never_split: noTokens,
  split_special_tokens: only(false).nullish(),
  padding_side: right.nullish(),
  truncation_side: right.nullish(),
});

type TokenizerJson = z.output<typeof tokenizerJson>;
type TokenizerConfig = z.output<typeof tokenizerConfig>;

/**
 * The tokenizer described by these files; undefined if there is neither a vocab.txt nor a tokenizer.json. Missing
 * settings have Hugging Face's defaults.
 * @throws VocabularyError if the files contradict each other or require anything but BERT word pieces
 */
export function tokenizerFromFiles(files: TokenizerFiles): Tokenizer | undefined {
  const { directory } = files;
  const json = files.tokenizer === undefined ? undefined : parse(tokenizerJson, files, "tokenizer");
  const config = files.config === undefined ? {} : parse(tokenizerConfig, files, "config");
  if (files.special !== undefined) parse(specialTokensMap, files, "special");
  if (files.added !== undefined) parse(addedTokens, files, "added");
  const name = `${directory}/vocab.txt`;
  const listed =
    files.vocabulary === undefined ? undefined : parseVocabulary(files.vocabulary, name);
  const vocabulary = json ? vocabularyIn(json, `${directory}/tokenizer.json`) : listed;
  if (!vocabulary) return undefined;
  if (listed && listed.pieces.join("\n") !== vocabulary.pieces.join("\n")) {
    throw new VocabularyError(
      `${directory} has different vocabularies in vocab.txt and in tokenizer.json. Remove the one that is not the model's.`,
    );
  }
  return new Tokenizer(vocabulary, settingsOf(directory, config, json));
}

const fileNames = {
  tokenizer: "tokenizer.json",
  config: "tokenizer_config.json",
  special: "special_tokens_map.json",
  added: "added_tokens.json",
} as const;

function parse<Parsed>(
  schema: z.ZodType<Parsed>,
  files: TokenizerFiles,
  which: keyof typeof fileNames,
): Parsed {
  const { success, data, error } = schema.safeParse(files[which]);
  if (success) return data;
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  const key = path.length === 0 ? "" : ` "${path.join(".")}":`;
  throw new VocabularyError(
    `${files.directory}/${fileNames[which]} cannot be followed.${key} Expected ${message}. ` +
      "Only BERT's tokenizer is supported.",
  );
}

function vocabularyIn({ model, added_tokens: added }: TokenizerJson, name: string): Vocabulary {
  const pieces: string[] = [];
  const entries = Object.entries(model.vocab).sort(([, a], [, b]) => a - b);
  for (const [piece, id] of entries) {
    if (id === pieces.length) pieces.push(piece);
    else
      throw new VocabularyError(`${name} has no piece, or several, with the id ${pieces.length}.`);
  }
  for (const { id, content } of added ?? []) {
    if (pieces[id] === content) continue;
    throw new VocabularyError(
      `${name} adds the token ${JSON.stringify(content)}, which is not in its vocabulary; such tokens cannot be read.`,
    );
  }
  return vocabularyOf(pieces, name);
}

function settingsOf(
  directory: string,
  config: TokenizerConfig,
  json: TokenizerJson | undefined,
): TokenizerSettings {
  const lowercase = agreed(
    directory,
    "lowercase",
    config.do_lower_case,
    json?.normalizer.lowercase,
  );
  const stripAccents = agreed(
    directory,
    "strip_accents",
    config.strip_accents,
    json?.normalizer.strip_accents,
  );
  const limits = [config.model_max_length, json?.truncation?.max_length];
  const longest = Math.min(...limits.map((limit) => limit ?? Infinity));
  return {
    lowercase: lowercase ?? true,
    stripAccents: stripAccents ?? lowercase ?? true,
    ...(longest < Infinity && { longest }),
  };
}

/** The value of a setting that both files, or only one of them, may contain. */
function agreed(
  directory: string,
  setting: string,
  inConfig: boolean | null | undefined,
  inJson: boolean | null | undefined,
): boolean | undefined {
  const both = [inConfig, inJson].filter((value) => typeof value === "boolean");
  if (new Set(both).size <= 1) return both[0];
  throw new VocabularyError(
    `${directory} contradicts itself: ${setting} is ${inConfig} in tokenizer_config.json and ${inJson} in tokenizer.json.`,
  );
}

/** A tokenizer_config.json for `transformers` and `tokenizerFromFiles`. */
export function toTokenizerConfig({ settings }: Tokenizer): Record<string, unknown> {
  return {
    tokenizer_class: "BertTokenizer",
    do_lower_case: settings.lowercase,
    strip_accents: settings.stripAccents,
    tokenize_chinese_chars: true,
    ...(settings.longest !== undefined && { model_max_length: settings.longest }),
    pad_token: specialPieces.padding,
    unk_token: specialPieces.unknown,
    cls_token: specialPieces.classification,
    sep_token: specialPieces.separator,
    mask_token: specialPieces.mask,
  };
}
