import { afterEach, expect, it, vi } from "vitest";
import { apiBase, socketUrl } from "./addresses";

afterEach(() => {
  vi.unstubAllEnvs();
});

it("are the page's own host by default", () => {
  expect(apiBase()).toBe("");
  expect(socketUrl("u 1", { protocol: "http:", host: "localhost:8000" })).toBe(
    "ws://localhost:8000/ws/u%201",
  );
  expect(socketUrl("u1", { protocol: "https:", host: "tasks.example.org" })).toBe(
    "wss://tasks.example.org/ws/u1",
  );
});

it("are elsewhere when the build was told so", () => {
  vi.stubEnv("NEXT_PUBLIC_API_URL", "https://api.example.org/");
  vi.stubEnv("NEXT_PUBLIC_WEBSOCKET_URL", "wss://push.example.org/ws");
  expect(apiBase()).toBe("https://api.example.org");
  expect(socketUrl("u1", { protocol: "http:", host: "x" })).toBe("wss://push.example.org/ws/u1");
});
