import { authorize, type Authorized, type Tokens } from "@/lib/api/authorized";
import { refusal, type Call, type Http, type Reply } from "@/lib/api/http";
import { NOBODY, success, type Outcome } from "@/lib/api/outcome";
import type { Authenticated, User } from "@/lib/protocol/types";
import type { Clock } from "@/lib/sync/clock";
import { accessToken, type AccessToken } from "./access-token";
import * as calls from "./calls";
import type { Lock } from "./lock";

/** Who is signed in. */
export interface SessionState {
  readonly status: "restoring" | "signed-in" | "signed-out" | "unreachable";
  readonly user: User | null;
  readonly sessionId: string | null;
  /** Why a session ended, to be shown once on the sign-in page. */
  readonly ended: string | null;
  /** What the server said when it took this page for one of another origin, as behind a proxy that hides its name. */
  readonly refused: string | null;
}

/** What a session needs of its surroundings. */
export interface SessionPorts {
  readonly http: Http;
  readonly clock: Clock;
  readonly lock: Lock;
  /** Hears of every change of the state. */
  readonly changed: (state: SessionState) => void;
}

/** The state before anything is known. */
export const RESTORING: SessionState = {
  status: "restoring",
  user: null,
  sessionId: null,
  ended: null,
  refused: null,
};

const SESSION_OVER = "Your session has ended. Please sign in again.";
const COOKIE_LEFT =
  "You are signed out here, but the server could not be told. Close the browser, or sign out again when it is back.";

/**
 * The session of this tab. The access token is only in memory; the refresh cookie, which scripts cannot read, brings
 * the session back after a reload and renews the token (AU3, AU4).
 *
 * A refusal to renew ends it once, with a reason, and nothing is asked again until somebody signs in (CL15).
 */
export class Session implements Tokens {
  readonly #ports: SessionPorts;
  #state: SessionState = RESTORING;
  #token: AccessToken | null = null;
  #refreshing: Promise<Reply<AccessToken>> | null = null;
  #restoring: Promise<void> | null = null;
  /** The user is signing out: that the session ends is no news. */
  #leaving = false;
  /** Answers to what was asked under an earlier identity are void. */
  #identity = 0;

  /** Sends calls in the name of who is signed in. */
  readonly send: Authorized;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.send = authorize(ports.http, this);
  }

  /** Brings the session back from the cookie; does nothing once it is known who is signed in. */
  restore(): Promise<void> {
    if (this.#state.status === "signed-in" || this.#state.status === "signed-out") return Promise.resolve();
    this.#restoring ??= this.#restore().finally(() => {
      this.#restoring = null;
    });
    return this.#restoring;
  }

  async #restore(): Promise<void> {
    this.#set({ ...this.#state, status: "restoring", refused: null });
    const reply = await this.#refresh();
    if (!reply.ok && reply.problem.status !== 401 && this.#isRestoring()) {
      const { status, detail } = reply.problem;
      this.#set({
        ...this.#state,
        status: "unreachable",
        refused: status === 403 ? detail : null,
      });
    }
  }

  #isRestoring(): boolean {
    return this.#state.status === "restoring";
  }

  /** Signs in; a refusal changes nothing. */
  signIn(credentials: calls.Credentials): Promise<Outcome> {
    return this.#enter(calls.login(credentials));
  }

  /** Makes an account and signs in; a refusal changes nothing. */
  register(account: calls.NewAccount): Promise<Outcome> {
    return this.#enter(calls.register(account));
  }

  /** Signs out here, whether or not the server can be told. */
  async signOut(): Promise<void> {
    this.#leaving = true;
    const reply = await this.#ports.http(calls.logout());
    this.#leave(reply.ok || reply.problem.status === 401 ? null : COOKIE_LEFT);
  }

  /** Ends every session of the user. When the server refuses, nothing has changed. */
  async signOutEverywhere(): Promise<Outcome> {
    this.#leaving = true;
    const reply = await this.send(calls.logoutEverywhere());
    this.#leaving = false;
    if (!reply.ok) return reply;
    this.#leave(null);
    return success(undefined);
  }

  /** Changes the name of the account. */
  async rename(name: string): Promise<Outcome> {
    const reply = await this.send(calls.rename(name));
    if (!reply.ok) return reply;
    this.#set({ ...this.#state, user: reply.value });
    return success(undefined);
  }

  /** Changes the password, which ends every other session (AU5). */
  changePassword(change: calls.NewPassword): Promise<Outcome> {
    return this.send(calls.changePassword(change));
  }

  /** The server ended the session (WS8, AU5). */
  end(reason = SESSION_OVER): void {
    if (!this.#leaving && this.#state.status === "signed-in") this.#leave(reason);
  }

  /** A token that should still be good: the one in memory, or a new one when it is near its end (AU3). */
  current(): Promise<Reply<AccessToken>> {
    const token = this.#token;
    if (token !== null && this.#ports.clock.now() < token.renewAt) return Promise.resolve(success(token));
    return this.#renewed();
  }

  /** Another token than the one that the server refused. All who ask at once share one request. */
  renewed(refused: string): Promise<Reply<AccessToken>> {
    // Somebody else may have replaced it meanwhile.
    return this.#token?.value === refused ? this.#renewed() : this.current();
  }

  #renewed(): Promise<Reply<AccessToken>> {
    return this.#state.status === "signed-in" ? this.#refresh() : Promise.resolve(refusal(NOBODY));
  }

  #refresh(): Promise<Reply<AccessToken>> {
    this.#refreshing ??= this.#refreshNow().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refreshNow(): Promise<Reply<AccessToken>> {
    const identity = this.#identity;
    const reply = await this.#ports.lock("tandem-refresh", () => this.#ports.http(calls.refresh()));
    if (identity !== this.#identity) return this.#token === null ? refusal(NOBODY) : success(this.#token);
    if (reply.ok) return success(this.#take(reply.value));
    if (reply.problem.status === 401 && !this.#leaving) {
      // Without a cookie there was no session that could have ended.
      const had = this.#state.status === "signed-in" || reply.problem.code === "session_ended";
      this.#leave(had ? SESSION_OVER : null);
    }
    return reply;
  }

  async #enter(call: Call<Authenticated>): Promise<Outcome> {
    const reply = await this.#ports.http(call);
    if (!reply.ok) return reply;
    this.#identity += 1;
    this.#take(reply.value);
    return success(undefined);
  }

  #take(authenticated: Authenticated): AccessToken {
    const { user, session_id: sessionId } = authenticated;
    const token = accessToken(authenticated, this.#ports.clock.now());
    this.#token = token;
    // Another tab may have signed in somebody else: the cookie is the browser's.
    const before = this.#state;
    const same =
      before.status === "signed-in" && before.sessionId === sessionId && sameUser(before.user, user);
    if (!same) this.#set({ status: "signed-in", user, sessionId, ended: null, refused: null });
    return token;
  }

  #leave(ended: string | null): void {
    this.#leaving = false;
    this.#identity += 1;
    this.#token = null;
    this.#set({ status: "signed-out", user: null, sessionId: null, ended, refused: null });
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#ports.changed(state);
  }
}

function sameUser(a: User | null, b: User): boolean {
  return a?.id === b.id && a.name === b.name && a.email === b.email;
}
