import { Ajv2020 } from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import samples from "../../../packages/protocol/src/tandem_protocol/samples.json";
import schema from "../../../schema/protocol.schema.json";

interface Samples {
  readonly valid: readonly unknown[];
  readonly invalid: readonly unknown[];
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(schema, "protocol");

const ALL: [string, Samples][] = Object.entries(samples);

describe("the golden samples", () => {
  it.each(ALL)("of %s that are right keep to the exported schema", (name, { valid }) => {
    const validate = ajv.compile({ $ref: `protocol#/$defs/${name}` });
    for (const sample of valid) {
      expect(validate(sample), ajv.errorsText(validate.errors)).toBe(true);
    }
  });

  it.each(ALL)("of %s that are wrong do not", (name, { invalid }) => {
    const validate = ajv.compile({ $ref: `protocol#/$defs/${name}` });
    for (const sample of invalid) expect(validate(sample), JSON.stringify(sample)).toBe(false);
  });
});
