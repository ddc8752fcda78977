// TypeScript types of the OpenAPI documents: node types.mjs FOLDER DOCUMENT..., in one process.
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const OPTIONS = { defaultNonNullable: false }; // what has a default may be left out of a request
const [folder, ...documents] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
for (const document of documents) {
  const types = astToString(await openapiTS(pathToFileURL(document), OPTIONS));
  await writeFile(join(folder, `${basename(document, ".json")}.d.ts`), `// Made by \`make types\` from contracts/openapi/${basename(document)}.\n${types}`);
}
