// A module that `build.mjs` bundles apart, as the text of its script.
declare module "worker:*" {
  const source: string;
  export default source;
}
