import { describe, expect, test } from "vitest";
import { holdOrder } from "./hold-order";

const rows = (ids: string) => Array.from(ids).map((id) => ({ id }));
const hold = (sorted: string, order: string, edited: string) =>
  holdOrder(rows(sorted), Array.from(order), { id: edited })
    .map((row) => row.id)
    .join("");

describe("while a row is edited (CL14)", () => {
  test("rows do not change places", () => {
    expect(hold("cba", "abc", "b")).toBe("abc");
  });

  test("new rows come in beside their neighbours", () => {
    expect(hold("xaybz", "ab", "b")).toBe("xaybz");
  });

  test("rows that are gone leave, but for the one that is edited", () => {
    expect(hold("a", "abc", "b")).toBe("ab");
  });
});
