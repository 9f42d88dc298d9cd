import type { Call } from "@/lib/api/http";
import { route } from "@/lib/api/route";
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

/** Signs in. */
export function login(body: Credentials): Call<Authenticated> {
  return { method: "POST", path: route("/api/auth/login", {}), body, reads: isAuthenticated };
}

/** Makes an account and signs in. */
export function register(body: NewAccount): Call<Authenticated> {
  return { method: "POST", path: route("/api/auth/register", {}), body, reads: isAuthenticated };
}

/** Renews the session by its cookie (AU4). */
export function refresh(): Call<Authenticated> {
  return { method: "POST", path: route("/api/auth/refresh", {}), reads: isAuthenticated };
}

/** Ends the session of the cookie. */
export function logout(): Call<undefined> {
  return { method: "POST", path: route("/api/auth/logout", {}), reads: isNothing };
}

/** Ends every session of the user (AU5). */
export function logoutEverywhere(): Call<undefined> {
  return { method: "POST", path: route("/api/auth/logout-all", {}), reads: isNothing };
}

/** Changes the name of the account. */
export function rename(name: string): Call<User> {
  return { method: "PATCH", path: route("/api/auth/me", {}), body: { name }, reads: isUser };
}

/** Changes the password; every other session ends (AU5). */
export function changePassword(body: NewPassword): Call<undefined> {
  return { method: "POST", path: route("/api/auth/password", {}), body, reads: isNothing };
}
