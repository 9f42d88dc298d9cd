import type { Call } from "@/lib/api/http";
import { isAuthenticated, isNothing, isUser } from "@/lib/protocol/guards";
import type { Authenticated, User } from "@/lib/protocol/types";

/** What a person types to sign in. */
export interface Credentials {
  email: string;
  password: string;
}

/** What a person types to get an account. */
export interface NewAccount extends Credentials {
  name?: string;
}

/** What a person types to change the password. */
export interface NewPassword {
  current_password: string;
  new_password: string;
}

export function login(body: Credentials): Call<Authenticated> {
  return { method: "POST", path: "/api/auth/login", body, reads: isAuthenticated };
}

export function register(body: NewAccount): Call<Authenticated> {
  return { method: "POST", path: "/api/auth/register", body, reads: isAuthenticated };
}

export function refresh(): Call<Authenticated> {
  return { method: "POST", path: "/api/auth/refresh", reads: isAuthenticated };
}

export function logout(): Call<undefined> {
  return { method: "POST", path: "/api/auth/logout", reads: isNothing };
}

export function logoutEverywhere(): Call<undefined> {
  return { method: "POST", path: "/api/auth/logout-all", reads: isNothing };
}

export function rename(name: string): Call<User> {
  return { method: "PATCH", path: "/api/auth/me", body: { name }, reads: isUser };
}

export function changePassword(body: NewPassword): Call<undefined> {
  return { method: "POST", path: "/api/auth/password", body, reads: isNothing };
}
