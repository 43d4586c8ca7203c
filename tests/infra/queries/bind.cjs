// What Microsoft's binder has to say of queries: node bind.cjs FOLDER < {"tables": …, "queries": {name: text}}.
// FOLDER holds node_modules. Writes {name: ["message at line:column", …]}.
"use strict";

const { createRequire } = require("node:module");
const { join, resolve } = require("node:path");
const { readFileSync } = require("node:fs");

const fetched = createRequire(join(resolve(process.argv[2]), "package.json"));
fetched("@kusto/language-service-next/bridge.js");
fetched("@kusto/language-service-next/Kusto.Language.Bridge.js");
const { Symbols, GlobalState, KustoCode } = globalThis.Kusto.Language;

const { tables, queries } = JSON.parse(readFileSync(0, "utf8"));
const symbols = Object.entries(tables).map(([table, columns]) => {
  const listed = Object.entries(columns).map(([column, type]) => `${column}: ${type}`);
  return Symbols.TableSymbol.From(`(${listed.join(", ")})`).WithName(table);
});
const database = new Symbols.DatabaseSymbol.$ctor1("workspace", symbols);
const globals = GlobalState.Default.WithDatabase(database);

const said = Object.fromEntries(
  Object.entries(queries).map(([name, text]) => {
    const code = KustoCode.ParseAndAnalyze(text, globals);
    const diagnostics = code.GetDiagnostics();
    const problems = [];
    for (let i = 0; i < diagnostics.Count; i += 1) {
      const one = diagnostics.getItem(i);
      const before = text.slice(0, one.Start).split("\n");
      problems.push(`${one.Severity}: ${one.Message} at ${before.length}:${before.at(-1).length + 1}`);
    }
    return [name, problems];
  }),
);
process.stdout.write(JSON.stringify(said));
