// Makes the component: the script together with a JavaScript engine.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";

const { component } = await componentize(await readFile("chunker.js", "utf8"), {
  witPath: "wit",
  worldName: "chunker-plugin",
  // What a chunker may not have, or does not need. With stdio, the words of an uncaught exception reach the operator.
  disableFeatures: ["random", "clocks", "http", "fetch-event"],
});
await mkdir("build", { recursive: true });
await writeFile("build/{{name_snake}}.wasm", component);
