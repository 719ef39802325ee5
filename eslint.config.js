import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/.venv/", "web/raisr_web/runtime/", "**/build/", ".cache/"] },
  js.configs.recommended,
  {
    files: ["web/raisr_web/static/*.js"],
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
  },
  {
    files: ["tools/packing/*.mjs"],
    languageOptions: { globals: globals.node },
  },
  {
    rules: { eqeqeq: "error", "prefer-const": "error", "no-var": "error" },
  },
];
