// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import { setUpBrowser } from "@/components/testing/browser";
import { success } from "@/lib/api/outcome";
import { AccountForm } from "./account-form";

setUpBrowser();

const email = () => screen.getByRole<HTMLInputElement>("textbox", { name: "Email address" });
const password = () => screen.getByLabelText<HTMLInputElement>("Password");

describe("signing in", () => {
  test("sends the address without the spaces around it, and the password as it is", async () => {
    const submit = vi.fn(() => Promise.resolve(success(undefined)));
    render(<AccountForm isNew={false} submit={submit} />);
    await userEvent.type(email(), " ada@example.org ");
    await userEvent.type(password(), " secret {Enter}");
    expect(submit).toHaveBeenCalledExactlyOnceWith({
      name: "",
      email: "ada@example.org",
      password: " secret ",
    });
  });

  test("asks for what is missing, and sends nothing", async () => {
    const submit = vi.fn(() => Promise.resolve(success(undefined)));
    render(<AccountForm isNew={false} submit={submit} />);
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(submit).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(email());
    expect(password().getAttribute("aria-invalid")).toBe("true");
  });
});

test("the server's refusal stands at its field and above the form (WR8)", async () => {
  const problem = {
    type: "urn:tandem:problem:email_taken",
    title: "Taken",
    status: 409,
    detail: "email: has an account already",
    code: "email_taken" as const,
    errors: [{ field: "email", message: "has an account already" }],
  };
  render(<AccountForm isNew submit={() => Promise.resolve({ ok: false, problem })} />);
  await userEvent.type(email(), "ada@example.org");
  await userEvent.type(password(), "long enough{Enter}");
  expect((await screen.findByRole("alert")).textContent).toBe("Please look at the fields marked below.");
  expect(screen.getByText("Has an account already.").id).toBe(email().getAttribute("aria-describedby"));
});

test("a password can be looked at", async () => {
  render(<AccountForm isNew={false} submit={() => Promise.resolve(success(undefined))} />);
  expect(password().type).toBe("password");
  await userEvent.click(screen.getByRole("button", { name: "Show characters" }));
  expect(password().type).toBe("text");
});
