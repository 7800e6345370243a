import { namesIn } from "./names-in.js";

/** As CLIP names them, in the order of the set. */
export const petsClasses = namesIn(`
  Abyssinian; American Bulldog; American Pit Bull Terrier; Basset Hound; Beagle; Bengal; Birman; Bombay; Boxer;
  British Shorthair; Chihuahua; Egyptian Mau; English Cocker Spaniel; English Setter; German Shorthaired;
  Great Pyrenees; Havanese; Japanese Chin; Keeshond; Leonberger; Maine Coon; Miniature Pinscher; Newfoundland;
  Persian; Pomeranian; Pug; Ragdoll; Russian Blue; Saint Bernard; Samoyed; Scottish Terrier; Shiba Inu; Siamese;
  Sphynx; Staffordshire Bull Terrier; Wheaten Terrier; Yorkshire Terrier
`);
