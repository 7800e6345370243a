// @ts-check
import eslint from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const noDefaultExport = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name: a name is found by search, a default is not.",
};

export default defineConfig(
  globalIgnores(["dist/", "build/", "coverage/"]),
  eslint.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-definitions": "off", // types and interfaces both have their use
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-non-null-assertion": "off", // the honest form for an index just checked
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }], // leaving a key out
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  {
    files: ["app/src/**/*.{ts,tsx}"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "/src/(?!serve/schemas/|browser/(training|model)-messages)",
              message:
                "Pages know the server by its schemas, and their workers by their messages, alone.",
            },
            {
              regex: "/src/(serve/schemas|browser)/",
              allowTypeImports: true,
              message: "Import types: schemas themselves would put zod into the pages.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: {
      globals: Object.fromEntries(
        ["Buffer", "URL", "WebAssembly", "console", "process"].map((name) => [name, "readonly"]),
      ),
    },
  },
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: false, skipComments: false }],
      "no-restricted-syntax": ["error", noDefaultExport],
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["**/*.test.ts"],
    rules: { "max-lines-per-function": "off" }, // a describe block is a chapter, not a function
  },
  {
    files: ["**/*.config.{js,ts}"],
    rules: { "no-restricted-syntax": "off" }, // the tools read a default export
  },
);
