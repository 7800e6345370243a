import { namesIn } from "./names-in.js";

/** As CLIP names them, in the order of the set. */
export const caltech101Classes = namesIn(`
  background; off-center face; centered face; leopard; motorbike; accordion; airplane; anchor; ant; barrel; bass;
  beaver; binocular; bonsai; brain; brontosaurus; buddha; butterfly; camera; cannon; side of a car; ceiling fan;
  cellphone; chair; chandelier; body of a cougar cat; face of a cougar cat; crab; crayfish; crocodile;
  head of a  crocodile; cup; dalmatian; dollar bill; dolphin; dragonfly; electric guitar; elephant; emu; euphonium;
  ewer; ferry; flamingo; head of a flamingo; garfield; gerenuk; gramophone; grand piano; hawksbill; headphone;
  hedgehog; helicopter; ibis; inline skate; joshua tree; kangaroo; ketch; lamp; laptop; llama; lobster; lotus;
  mandolin; mayfly; menorah; metronome; minaret; nautilus; octopus; okapi; pagoda; panda; pigeon; pizza; platypus;
  pyramid; revolver; rhino; rooster; saxophone; schooner; scissors; scorpion; sea horse; snoopy (cartoon beagle);
  soccer ball; stapler; starfish; stegosaurus; stop sign; strawberry; sunflower; tick; trilobite; umbrella; watch;
  water lilly; wheelchair; wild cat; windsor chair; wrench; yin and yang symbol
`);
