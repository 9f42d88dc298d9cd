import { describe, expect, test } from "vitest";
import type { Problem } from "@/lib/protocol/types";
import { accountErrors, fieldErrors, newPasswordError, summary } from "./form-errors";

const problem = (fields: Partial<Problem>): Problem => ({
  type: "urn:tandem:problem:invalid_request",
  title: "The request is not valid",
  status: 422,
  detail: "password: at least 8 characters",
  code: "invalid_request",
  ...fields,
});

describe("a refusal (WR8)", () => {
  test("is told at its field, and above the form that there is one", () => {
    const refusal = problem({ errors: [{ field: "password", message: "at least 8 characters" }] });
    expect(fieldErrors(refusal)).toEqual({ password: "At least 8 characters." });
    expect(summary(refusal, ["email", "password"])).toBe("Please look at the fields marked below.");
  });

  test("of a field that the form does not show is told above it", () => {
    const refusal = problem({ errors: [{ field: "other", message: "x" }], detail: "other: x" });
    expect(summary(refusal, ["email"])).toBe("Other: x.");
  });

  test("of the whole is told in the server's words", () => {
    expect(summary(problem({ detail: "This address has an account already" }), ["email"])).toBe(
      "This address has an account already.",
    );
    expect(summary(null, [])).toBeNull();
  });
});

describe("before the server is asked", () => {
  test("an address needs an @, and a password to sign in is not measured", () => {
    expect(accountErrors({ email: "ada", password: "" }, false)).toEqual({
      email: "Enter your email address, such as ada@example.org.",
      password: "Enter your password.",
    });
    expect(accountErrors({ email: "ada@home", password: "short" }, false)).toEqual({});
  });

  test("a new password has eight characters, however they are encoded", () => {
    expect(newPasswordError("🔑🔑🔑🔑🔑🔑🔑")).toBe("Use at least 8 characters.");
    expect(newPasswordError("🔑🔑🔑🔑🔑🔑🔑🔑")).toBeNull();
  });
});
