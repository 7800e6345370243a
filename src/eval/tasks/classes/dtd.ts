import { namesIn } from "./names-in.js";

/** As CLIP names them, in the order of the set. */
export const dtdClasses = namesIn(`
  banded; blotchy; braided; bubbly; bumpy; chequered; cobwebbed; cracked; crosshatched; crystalline; dotted; fibrous;
  flecked; freckled; frilly; gauzy; grid; grooved; honeycombed; interlaced; knitted; lacelike; lined; marbled; matted;
  meshed; paisley; perforated; pitted; pleated; polka-dotted; porous; potholed; scaly; smeared; spiralled; sprinkled;
  stained; stratified; striped; studded; swirly; veined; waffled; woven; wrinkled; zigzagged
`);
