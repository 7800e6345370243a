/** `flava app`: the pages that compute in the browser, as files for any web server. */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { shippedModel } from "../../api/load.js";
import { packagePath } from "../../base/package-root.js";
import { type WeightDtype, weightDtypes } from "../../checkpoint/huggingface-config.js";
import { decoderName } from "../../checkpoint/huggingface-model.js";
import { isolationHeaders } from "../../serve/isolation-headers.js";
import { convert } from "../convert.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { headsOption } from "../model-option.js";
import { outputDirectory } from "../output-path.js";

interface AppFlags extends JsonFlag {
  readonly model?: string;
  readonly dtype?: WeightDtype;
  readonly heads?: number;
}

export function addApp(program: Command): void {
  program
    .command("app")
    .description(
      "write a static web site that classifies, searches folders and trains in the visitor's browser: nothing is uploaded, " +
        "and any web server will do (docs/browser.md)",
    )
    .argument("<out>", "the directory to write, new or empty", outputDirectory)
    .option(
      "--model <path>",
      "a directory in Hugging Face format, or a weights file; default: the model that ships",
    )
    .addOption(
      new Option(
        "--dtype <dtype>",
        "dtype of the weights: bfloat16 halves the download of float32; default: as stored",
      ).choices(weightDtypes),
    )
    .addOption(headsOption())
    .addOption(jsonOption())
    .action(async (out: string, { model = shippedModel(), json, ...options }: AppFlags) => {
      const dtype = await writeSite(out, model, options);
      if (json) printJson({ path: out, model, dtype });
      else
        console.log(
          `Written to ${out}, with the model in ${dtype}. Any web server can host it; one that sends the headers in _headers lets ` +
            "it compute on several threads (docs/browser.md).",
        );
    });
}

/** All but the page of `flava serve`, its own script, as app/vite.config.ts names it, and what a clone's build notes for itself. */
const isOfSite = (path: string): boolean =>
  !/^(index\.html|server-.*\.js|sources\.sha256)$/.test(basename(path));

/** Netlify and Cloudflare Pages send these headers, which give the pages several threads. */
const headers = [
  "/*",
  ...Object.entries(isolationHeaders).map((pair) => `  ${pair.join(": ")}`),
  "",
];

/** Writes the site; it appears once it is complete. Returns the dtype of the weights. */
async function writeSite(
  out: string,
  model: string,
  options: Pick<AppFlags, "dtype" | "heads">,
): Promise<WeightDtype> {
  const pages = packagePath("dist", "app");
  if (!existsSync(pages)) {
    throw new Error(
      'The pages are not built. Run "npm run build" in the directory of the package.',
    );
  }
  const before = await readdir(out).catch(() => []);
  if (before.length > 0) {
    throw new InvalidArgumentError(
      `${out} holds other files, such as ${before[0]!}. Remove them, or name a new directory.`,
    );
  }
  const partial = `${out}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await mkdir(partial, { recursive: true });
    const written = await convert(model, join(partial, "model"), options);
    if (!existsSync(join(partial, "model", "model.safetensors"))) {
      throw new Error(`${model} is too large for a browser, whose WebAssembly ends at 4 GiB.`);
    }
    await rm(join(partial, "model", decoderName), { force: true }); // the pages draw no images
    await cp(pages, partial, { recursive: true, filter: isOfSite });
    await writeFile(join(partial, "_headers"), headers.join("\n"));
    await rename(join(partial, "static.html"), join(partial, "index.html"));
    await rm(out, { recursive: true, force: true });
    await rename(partial, out);
    return written;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}
