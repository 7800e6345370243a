/** The pages of a site without a server of its own (`flava app`): all that compute in the tab. */
import { pagesHere, searchHere } from "./pages-here.js";
import { start } from "./start.js";

start({ first: searchHere, groups: [pagesHere] });
