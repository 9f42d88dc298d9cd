import { expect, it } from "vitest";
import { FakeClock } from "@/lib/testing/fake-clock";
import { Batcher } from "./batcher";

it("hands a lone item on at once, and those that follow within a frame together", async () => {
  const clock = new FakeClock();
  const batches: (readonly number[])[] = [];
  const batcher = new Batcher<number>(clock, (items) => batches.push(items));
  for (const item of [1, 2, 3]) batcher.add(item);
  expect(batches).toEqual([[1]]);
  await clock.advance(16);
  expect(batches).toEqual([[1], [2, 3]]);
  batcher.add(4);
  batcher.flush();
  expect(batches).toEqual([[1], [2, 3], [4]]);
  await clock.advance(16);
  expect(clock.timers).toBe(0);
  batcher.add(5);
  batcher.add(6);
  batcher.stop();
  await clock.advance(100);
  expect(batches.at(-1)).toEqual([5]);
});
