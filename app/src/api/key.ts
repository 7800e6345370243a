/** The API key that a reader has typed, for servers that ask for one. The browser forgets it with the tab. */
const name = "flava-api-key";

export const storedKey = (): string | null => sessionStorage.getItem(name);
export const storeKey = (key: string): void => sessionStorage.setItem(name, key);
