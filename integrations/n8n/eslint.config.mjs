// n8n's own rules for credentials, nodes and the package.
import parser from "@typescript-eslint/parser";
import n8n from "eslint-plugin-n8n-nodes-base";
import json from "jsonc-eslint-parser";

const rules = (name) => n8n.configs[name].rules;

export default [
  { ignores: ["dist", "build", "node_modules", "test", "*.mjs"] },
  {
    files: ["package.json"],
    languageOptions: { parser: json },
    plugins: { "n8n-nodes-base": n8n },
    rules: rules("community"),
  },
  {
    files: ["credentials/**/*.ts"],
    languageOptions: { parser },
    plugins: { "n8n-nodes-base": n8n },
    rules: {
      ...rules("credentials"),
      // These two are for n8n's own repository; a community package links a page.
      "n8n-nodes-base/cred-class-field-documentation-url-miscased": "off",
      "n8n-nodes-base/cred-class-field-documentation-url-not-http-url": "error",
    },
  },
  {
    files: ["nodes/**/*.ts"],
    languageOptions: { parser },
    plugins: { "n8n-nodes-base": n8n },
    rules: rules("nodes"),
  },
];
