/** Runs `work` while nobody else in this browser runs something under the same name. */
export type Lock = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/**
 * Web Locks where the browser has them (not over plain http), else no lock at all: the server answers two tabs that
 * use the same refresh token at once with the same successor (AU4).
 */
export const browserLock: Lock = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  return locks === undefined ? work() : await locks.request<Promise<T>>(name, work);
};
