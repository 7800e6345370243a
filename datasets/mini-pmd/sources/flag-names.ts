/** Countries' names by their codes, which name flags. */

const regions = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });

/** Parts of a country that flag sets draw as well; the codes are from ISO 3166-2. */
const parts: Readonly<Record<string, string>> = {
  "gb-eng": "England",
  "gb-sct": "Scotland",
  "gb-wls": "Wales",
  "gb-nir": "Northern Ireland",
  "es-ct": "Catalonia",
  "es-ga": "Galicia",
  "es-pv": "Basque Country",
};

/** Codes that are not countries, although a name is known for them. */
const noCountries = new Set(["xx", "zz", "un", "aa", "xa", "xb", "qo"]);

/** "fr" is "France"; undefined if it is not a country's code. */
export function countryOf(code: string): string | undefined {
  const part = parts[code];
  if (part !== undefined) return part;
  if (!/^[a-z]{2}$/.test(code) || noCountries.has(code))
    return code === "eu" ? "European Union" : undefined;
  return regions.of(code.toUpperCase())?.replaceAll("&", "and");
}

/** Countries whose name has an article. */
const withThe =
  /^(united|european|netherlands|philippines|bahamas|maldives|gambia|comoros|vatican|central african|dominican republic)|islands?$|territor(y|ies)$/;

/** Captions of a country's flag in lower case, the plainest first. */
export function flagCaptions(country: string): string[] {
  const plain = country.toLowerCase();
  const name = withThe.test(plain) ? `the ${plain}` : plain;
  return [`flag of ${name}`, `the flag of ${name}`, `flag: ${plain}`, `${plain} flag`];
}
