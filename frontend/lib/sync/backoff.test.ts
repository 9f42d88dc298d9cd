import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs } from "./backoff";

it("waits 1, 2, 4, 8, 16, then 30 s in the middle of its jitter [CL11]", () => {
  const seconds = [1, 2, 3, 4, 5, 6, 7, 10, 100].map((failures) => backoffMs(failures, 0.5) / 1000);
  expect(seconds).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30]);
});

it("is never more than a quarter off [CL11]", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      (n, random) => {
        const middle = backoffMs(n, 0.5);
        expect(Math.abs(backoffMs(n, random) - middle)).toBeLessThanOrEqual(middle / 4 + 1);
      },
    ),
  );
});
