import { describe, expect, it } from "vitest";
import { Keeper } from "./keeper";

function setUp() {
  const log: string[] = [];
  const later: (() => void)[] = [];
  const keeper = new Keeper((run) => later.push(run));
  const start = (name: string) => () => {
    log.push(`start ${name}`);
    return () => log.push(`stop ${name}`);
  };
  const endTurn = () => {
    for (const run of later.splice(0)) run();
  };
  return { log, keeper, start, endTurn };
}

describe("Keeper", () => {
  it("hands over to the page that follows", () => {
    const { log, keeper, start, endTurn } = setUp();
    const letGo = keeper.hold("ada", start("1"));
    letGo();
    const letGoAgain = keeper.hold("ada", start("2"));
    endTurn();
    expect(log).toEqual(["start 1"]);
    letGoAgain();
    endTurn();
    expect(log).toEqual(["start 1", "stop 1"]);
  });

  it("stops what nobody holds, once", () => {
    const { log, keeper, start, endTurn } = setUp();
    const one = keeper.hold("ada", start("1"));
    const two = keeper.hold("ada", start("2"));
    one();
    endTurn();
    expect(log).toEqual(["start 1"]);
    two();
    endTurn();
    expect(log).toEqual(["start 1", "stop 1"]);
  });

  it("gives nobody what belongs to somebody else", () => {
    const { log, keeper, start, endTurn } = setUp();
    const letGo = keeper.hold("ada", start("ada"));
    letGo();
    keeper.hold("bob", start("bob"));
    endTurn();
    expect(log).toEqual(["start ada", "stop ada", "start bob"]);
  });
});
