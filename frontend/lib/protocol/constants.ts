// Generated from packages/protocol by `make schema`. Do not edit.

export const PROTOCOL_VERSION = 1 as const;
export const SUBPROTOCOL = "tandem.v1" as const;
export const BEARER_PREFIX = "bearer." as const;
export const BACKOFF_SECONDS = [1, 2, 4, 8, 16, 30] as const;
export const DESCRIPTION_MAX = 20000 as const;
export const EMAIL_MAX = 254 as const;
export const FEED_PAGE_DEFAULT = 1000 as const;
export const GAP_WAIT_MS = 150 as const;
export const NAME_MAX = 100 as const;
export const PASSWORD_MAX = 256 as const;
export const PASSWORD_MIN = 8 as const;
export const RECONNECT_ATTEMPTS = 10 as const;
export const TITLE_MAX = 500 as const;
export const CLOSE_CODES = {
  SERVICE_RESTART: 1012,
  SLOW_CONSUMER: 4001,
  TOKEN_EXPIRED: 4002,
  RATE_LIMITED: 4003,
  SESSION_ENDED: 4500,
  TOO_MANY_CONNECTIONS: 4501,
  BAD_MESSAGES: 4502,
} as const;
